"""Who does what: the default matrix, the rules a matrix breaks with their sentences, and whose move it is."""

import pytest

from marops.pipeline import raci
from marops.pipeline.raci import Actor, Cell, Matrix, Rule
from marops.stages import Category, Process, Stage, usual

BOARD = Process(
    (
        Stage("ask", "Ask", Category.TODO, "marketing", ()), Stage("make", "Make", Category.ACTIVE, "it", ()),
        Stage("look", "Look", Category.WAIT, "", ()), Stage("over", "Over", Category.DONE, "", ()),
    )
)  # fmt: skip


def matrix(**letters: dict[str, str]) -> Matrix:
    """Letters by role and stage."""
    cells = tuple(Cell(stage, role, found) for role, row in letters.items() for stage, found in row.items())
    return Matrix(tuple(Actor(role) for role in letters), cells)


def broken(found: Matrix, process: Process = BOARD) -> list[tuple[Rule, str | None]]:
    return [(flaw.rule, flaw.stage or flaw.role) for flaw in raci.flaws(found, process)]


def said(found: Matrix, rule: Rule) -> list[str]:
    return [str(flaw.said) for flaw in raci.flaws(found, BOARD) if flaw.rule is rule]


SOUND = matrix(Ana={"ask": "RA", "look": "I"}, Ben={"make": "RA"}, Cai={"look": "RA", "make": "C"})


def test_a_matrix_with_one_who_answers_and_one_who_does_in_every_stage_breaks_no_rule() -> None:
    assert raci.flaws(SOUND, BOARD) == ()


def test_the_default_matrix_of_the_usual_stages_breaks_no_rule_and_the_side_that_must_act_does_the_work() -> None:
    found = raci.default(usual())
    assert raci.flaws(found, usual()) == ()
    sides = {role.name: role.side for role in found.roles}
    assert [(stage.id, sides[found.must_act(stage.id) or ""]) for stage in usual().board] == [
        (stage.id, stage.responsible) for stage in usual().board
    ]


def test_the_default_matrix_of_other_stages_says_only_what_their_side_says() -> None:
    found = raci.default(BOARD)
    assert [found.must_act(stage) for stage in ("ask", "make", "look")] == ["Marketing operations", "IT / martech", None]
    moved = Process((Stage("build", "Build", Category.ACTIVE, "it", ()), BOARD.stages[-1]))
    assert raci.default(moved).must_act("build") == "IT / martech"


def test_a_stage_without_an_a_is_unowned_and_nobodys_move() -> None:
    found = matrix(Ana={"ask": "RA"}, Ben={"make": "RA"}, Cai={"look": "R"})
    assert broken(found) == [(Rule.UNOWNED, "look")]
    assert said(found, Rule.UNOWNED) == ["Look is unowned: nobody answers for it. Give one role an A."]
    assert found.must_act("look") is None


def test_two_who_answer_for_a_stage_are_named() -> None:
    found = matrix(Ana={"ask": "RA", "look": "A"}, Ben={"make": "RA"}, Cai={"look": "RA"})
    assert said(found, Rule.SHARED) == ["Ana and Cai answer for Look together, so nobody does. Keep one A."]


def test_a_stage_nobody_does_is_the_move_of_who_answers_for_it() -> None:
    found = matrix(Ana={"ask": "RA"}, Ben={"make": "A"}, Cai={"look": "RA"})
    assert broken(found) == [(Rule.NOBODY_DOES, "make")]
    assert said(found, Rule.NOBODY_DOES) == ["Nobody does Make. Give at least one role an R."]
    assert found.must_act("make") == "Ben"


def test_who_does_a_stage_must_act_rather_than_who_answers_for_it() -> None:
    found = matrix(Ana={"ask": "A", "make": "R"}, Ben={"ask": "R", "make": "RA"})
    assert (found.must_act("ask"), found.must_act("make")) == ("Ben", "Ben")


@pytest.mark.parametrize(
    ("roles", "consulted", "too_many"), [(4, 2, False), (4, 3, True), (3, 2, True), (8, 3, False), (8, 4, True), (20, 4, True)]
)
def test_more_than_three_or_half_of_the_roles_are_too_many_to_consult(roles: int, consulted: int, too_many: bool) -> None:
    found = matrix(**{f"role {n}": {"ask": "C"} if n < consulted else {"ask": "I"} for n in range(roles)})
    assert ((Rule.CONSULTED, "ask") in broken(found)) == too_many
    if (roles, consulted) == (8, 4):
        (sentence,) = said(found, Rule.CONSULTED)
        assert sentence.startswith(
            "4 of 8 roles are consulted on Ask. More than 3, or more than half, and work waits for opinions: "
        )


def test_a_role_that_acts_in_more_than_half_of_the_stages_is_overloaded() -> None:
    found = matrix(Ana={"ask": "RA", "look": "R"}, Ben={"make": "RA"}, Cai={"look": "A"})
    assert broken(found) == [(Rule.OVERLOAD, "Ana")]
    assert said(found, Rule.OVERLOAD) == ["Ana has an A or R in 2 of 3 stages, more than half: a queue in the making. Share some."]
    half = Process((*BOARD.stages[:2], BOARD.stages[-1]))
    assert broken(matrix(Ana={"ask": "RA"}, Ben={"make": "RA"}), half) == []


def test_a_role_that_answers_for_every_stage_is_told_once() -> None:
    found = matrix(Ana=dict.fromkeys(("ask", "make", "look"), "A"), Ben=dict.fromkeys(("ask", "make"), "R"), Cai={"look": "R"})
    assert broken(found) == [(Rule.ANSWERS_FOR_ALL, "Ana"), (Rule.OVERLOAD, "Ben")]
    assert said(found, Rule.ANSWERS_FOR_ALL) == ["Ana answers for every stage: one absence stops all work. Share the A's."]


def test_a_role_without_a_letter_and_letters_of_stages_that_are_gone_are_named() -> None:
    found = Matrix((*SOUND.roles, Actor("Dee")), (*SOUND.cells, Cell("legal", "Dee", "R")))
    assert broken(found) == [(Rule.IDLE, "Dee"), (Rule.GONE, None)]
    assert said(found, Rule.IDLE) == ["Dee has no letter in any stage. Give it one, or take the role out."]
    assert said(found, Rule.GONE) == ["1 stage with letters is no stage any more (legal). Save the matrix to drop its letters."]


def test_nothing_is_asked_of_a_stage_in_which_nothing_is_left_to_do() -> None:
    assert all(stage != "over" for _, stage in broken(matrix(Ana={"ask": "RA"})))


@pytest.mark.parametrize(
    ("roles", "cells"),
    [
        ((Actor("Ana"), Actor(" ana")), ()),
        ((Actor(" "),), ()),
        ((Actor("Ana", "sales"),), ()),
        ((Actor("Ana"),), (Cell("ask", "Ben", "R"),)),
        ((Actor("Ana"),), (Cell("ask", "Ana", "R"), Cell("ask", "Ana", "A"))),
        ((Actor("Ana"),), (Cell("ask", "Ana", "X"),)),
        ((Actor("Ana"),), (Cell("ask", "Ana", "AR"),)),
        ((Actor("Ana"),), (Cell("ask", "Ana", ""),)),
    ],
)
def test_what_is_no_matrix_cannot_be_made(roles: tuple[Actor, ...], cells: tuple[Cell, ...]) -> None:
    with pytest.raises(ValueError, match=r"no roles|cells that stand twice|not among R, A, C, I"):
        Matrix(roles, cells)


def test_letters_are_read_in_any_order_and_case() -> None:
    assert [raci.ordered(typed) for typed in ("ar", "R A", "c", "", "rr", "AX")] == ["RA", "RA", "C", "", "R", "AX"]


def test_a_default_role_is_said_in_the_readers_language_and_any_other_as_it_was_written() -> None:
    assert raci.called("Data office") == raci.text("Data office")
    assert raci.called("Data {office}") == "Data {office}"


def test_a_stage_whose_settings_name_another_side_than_the_role_that_acts_is_named() -> None:
    """Build is IT's by the stages; who does it is of marketing, of IT, and of no side."""
    stages = (Stage("build", "Build", Category.ACTIVE, "it", ()), BOARD.stages[-1])
    process = Process(stages)
    for side, expected in (("marketing", [Rule.OTHER_SIDE]), ("it", []), ("", [])):
        found = Matrix((Actor("Ana", side), Actor("Ben", "it")), (Cell("build", "Ana", "RA"),))
        assert [flaw.rule for flaw in raci.flaws(found, process) if flaw.rule is Rule.OTHER_SIDE] == expected
