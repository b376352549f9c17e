"""Print how many faults of preference pairs the auditors catch, by the rule that each was built to break.

    python benchmarks/check_preferences.py FOLDER [--per-forum N] [--seed S]

FOLDER holds files of API bodies. Dialogues are composed and spoilt here; of each pair the rejected answer takes the
place of the chosen one in its dialogue (evidence moves along with the text around it), and the dialogue is audited.
``caught`` counts findings of the fault's own rule on that turn; ``chosen`` counts chosen answers with a finding of any
of these rules, which would be a false alarm.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from measure_grounding import compose

from toolkit.auditors import audit_dialogue
from toolkit.records import Dialogue, Fault, SpoiltAnswer
from toolkit.synthesizers import spoil_dialogue

RULE_OF: Mapping[Fault, tuple[str, ...]] = {
    "wrong-score": ("score-contradicted",),
    "wrong-reviewer": ("misattributed-statement",),
    "criticism-as-authors": ("criticism-attributed-to-authors",),
    "invented-claim": ("claim-not-on-record",),
    "agent-recommends": ("agent-recommends",),
}
BAR = 0.95


def spoil(dialogue: Dialogue, answer: SpoiltAnswer) -> Dialogue:
    """Return a dialogue with one answer replaced by its rejected half."""
    turn = dialogue.turns[answer.turn]
    shift = len(answer.text) - len(turn.text)
    changed_end = answer.end - shift
    evidence = tuple(
        replace(
            item,
            turn_start=item.turn_start + (shift if item.turn_start >= changed_end else 0),
            turn_end=item.turn_end + (shift if item.turn_end >= changed_end else 0),
            quote=False,
        )
        for item in turn.evidence
    )
    turns = list(dialogue.turns)
    turns[answer.turn] = replace(turn, text=answer.text, evidence=evidence)
    return replace(dialogue, turns=tuple(turns))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--per-forum", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--missed", type=int, default=0, help="print so many answers that were not caught")
    options = parser.parse_args()
    pairs: Counter[Fault] = Counter()
    caught: Counter[Fault] = Counter()
    alarms: Counter[Fault] = Counter()
    missed: list[str] = []
    for forum, dialogues in compose(options.folder, per_forum=options.per_forum, seed=options.seed):
        for dialogue in dialogues:
            sound = audit_dialogue(dialogue, forum).findings
            for answer in spoil_dialogue(dialogue, forum):
                rules = RULE_OF[answer.fault]
                pairs[answer.fault] += 1
                alarms[answer.fault] += any(item.rule in rules and item.turn == answer.turn for item in sound)
                found = audit_dialogue(spoil(dialogue, answer), forum).findings
                if any(item.rule in rules and item.turn == answer.turn for item in found):
                    caught[answer.fault] += 1
                else:
                    missed.append(f"{answer.fault}: {answer.text[max(0, answer.start - 40) : answer.end + 60]}")
    print(f"{'fault':<22}{'pairs':>7}{'caught':>8}{'share':>8}{'chosen':>8}  bar {BAR}")
    for fault in RULE_OF:
        share = caught[fault] / max(1, pairs[fault])
        verdict = "met" if share >= BAR and not alarms[fault] else "MISSED"
        print(f"{fault:<22}{pairs[fault]:>7}{caught[fault]:>8}{share:>8.3f}{alarms[fault]:>8}  {verdict}")
    for line in missed[: options.missed]:
        print(f"  {line}")


if __name__ == "__main__":
    main()
