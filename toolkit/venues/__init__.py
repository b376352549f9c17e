"""What is known of review forms: scales, labels, accept lines, field names, decisions, invitation layouts.

The facts are in ``schemas/venues/*.yaml``, each with its source; this room reads them and answers questions about
them. Nothing here guesses: a scale that is not known is ``unknown``, with the reason.
"""

from toolkit.venues.catalogue import FieldEntry, Level, Scale, list_known_venues
from toolkit.venues.decisions import find_decision_field, resolve_decision, resolve_submission, resolve_venueid
from toolkit.venues.forms import Form, TextField, find_form, list_unfamiliar_fields, score_stage_of
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
from toolkit.venues.scores import Observed, draft_form_entry, observe_scores, read_options, resolve_score

__all__ = [
    "FieldEntry",
    "Form",
    "Level",
    "NoteKind",
    "Observed",
    "Scale",
    "ScaleRow",
    "TextField",
    "VenueKey",
    "align_value",
    "classify_note",
    "classify_signature",
    "draft_form_entry",
    "find_decision_field",
    "find_form",
    "find_year",
    "format_number",
    "identify_venue",
    "list_known_venues",
    "list_scales",
    "list_unfamiliar_fields",
    "measure_percentile",
    "observe_scores",
    "pick_invitation",
    "read_options",
    "render_level",
    "resolve_decision",
    "resolve_score",
    "resolve_submission",
    "resolve_venueid",
    "score_stage_of",
]
