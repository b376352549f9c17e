"""What is known of review forms: scales, labels, accept lines, field names, decisions, invitation layouts.

The facts are in ``schemas/venues/*.yaml``, each with its source; this room reads them and answers questions about
them. Nothing here guesses: a scale that is not known is ``unknown``, with the reason.
"""

from toolkit.venues.answers import looks_like_score
from toolkit.venues.catalogue import FieldEntry, Level, Scale, list_known_venues
from toolkit.venues.decisions import (
    find_commitment,
    find_decision_field,
    list_commitment_fields,
    resolve_decision,
    resolve_submission,
    resolve_venueid,
)
from toolkit.venues.forms import Form, TextField, find_form, list_unfamiliar_fields, score_stage_of
from toolkit.venues.invitations import FieldOptions, FormOptions, Option, join_options, read_invitation
from toolkit.venues.layouts import (
    NoteKind,
    VenueKey,
    classify_note,
    classify_signature,
    find_year,
    identify_venue,
    pick_invitation,
)
from toolkit.venues.listing import ScaleRow, list_scales
from toolkit.venues.scales import align_value, format_number, measure_percentile, render_level
from toolkit.venues.scores import (
    Observed,
    draft_form_entry,
    join_form_entries,
    observe_scores,
    read_options,
    resolve_score,
)

__all__ = [
    "FieldEntry",
    "FieldOptions",
    "Form",
    "FormOptions",
    "Level",
    "NoteKind",
    "Observed",
    "Option",
    "Scale",
    "ScaleRow",
    "TextField",
    "VenueKey",
    "align_value",
    "classify_note",
    "classify_signature",
    "draft_form_entry",
    "find_commitment",
    "find_decision_field",
    "find_form",
    "find_year",
    "format_number",
    "identify_venue",
    "join_form_entries",
    "join_options",
    "list_commitment_fields",
    "list_known_venues",
    "list_scales",
    "list_unfamiliar_fields",
    "looks_like_score",
    "measure_percentile",
    "observe_scores",
    "pick_invitation",
    "read_invitation",
    "read_options",
    "render_level",
    "resolve_decision",
    "resolve_score",
    "resolve_submission",
    "resolve_venueid",
    "score_stage_of",
]
