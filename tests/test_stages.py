"""The words trackers use for stages and for how work ended."""

import polars as pl
import pytest

from marops.stages import Category, Process, Stage, folded, folded_word, is_resolution, usual


def resolved(process: Process, *words: str | None) -> list[str | None]:
    return pl.DataFrame({"word": list(words)}).select(process.resolved(pl.col("word"))).to_series().to_list()


@pytest.mark.parametrize(
    ("declined", "done"),
    [
        (["Won\u2019t Do", "Won't Fix", "Duplicate", "Incomplete", "Cannot Reproduce", "Declined"],
         ["Done", "Fixed", "Resolved", "Complete"]),
        (["Não será feito", "Não será corrigido", "Duplicado", "Incompleto", "Não é possível reproduzir", "Recusado"],
         ["Concluído", "Corrigido", "Resolvido", "Completo"]),
        (["Wird nicht erledigt", "Wird nicht behoben", "Duplikat", "Unvollständig", "Nicht reproduzierbar",
          "Abgelehnt"], ["Erledigt", "Fertig", "Behoben", "Gelöst"]),
        (["Ne sera pas fait", "Ne sera pas corrigé", "Doublon", "Incomplet", "Impossible à reproduire", "Refusé"],
         ["Terminé", "Corrigé", "Résolu", "Complet"]),
        (["No se hará", "No se corregirá", "Duplicada", "Incompleto", "No se puede reproducir", "Rechazado"],
         ["Listo", "Corregido", "Resuelto", "Completado"]),
    ],
    ids=["en", "pt", "de", "fr", "es"],
)  # fmt: skip
def test_resolutions_are_known_in_the_languages_of_the_headers(declined: list[str], done: list[str]) -> None:
    assert set(resolved(usual(), *declined)) == {"dropped"}
    assert set(resolved(usual(), *done)) == {"done"}
    assert resolved(usual(), "Shipped", "Backlog", "", None) == [None] * 4


def test_work_of_which_nobody_has_said_how_it_ended_has_no_resolution() -> None:
    words = "Unresolved", "Nicht erledigt", " sin  resolver", "Non résolu", "", None, "Shipped", "Done"
    frame = pl.DataFrame({"word": list(words)})
    assert frame.select(is_resolution(pl.col("word")).fill_null(value=False)).to_series().to_list() == [False] * 6 + [True] * 2
    assert resolved(usual(), *words[:6]) == [None] * 6


def test_a_status_is_one_in_any_letters_white_space_apostrophes_and_ways_to_write_an_accent() -> None:
    written = ["execuc\u0327a\u0303o", " EXECUÇÃO ", "Won\u2019t  do", "won't do"]
    assert pl.DataFrame({"word": written}).select(folded(pl.col("word"))).to_series().to_list() == [
        "execução", "execução", "won't do", "won't do",
    ]  # fmt: skip
    assert [folded_word(word) for word in written] == ["execução", "execução", "won't do", "won't do"]
    assert usual().meant(written[0]) == usual().named("execution")


def test_a_resolution_that_as_a_status_may_mean_that_work_waits_is_no_stage() -> None:
    assert [usual().meant(word) for word in ("Incomplete", "Unvollständig", "Nicht erledigt", "Fixed")] == [None] * 4


def test_a_workspace_with_stages_of_its_own_knows_resolutions_and_its_words_come_first() -> None:
    make, live = Stage("make", "Make", Category.ACTIVE, "", ("resolved",)), Stage("live", "Live", Category.LIVE, "", ())
    over, no = Stage("over", "Over", Category.DONE, "", ("duplicate",)), Stage("no", "No", Category.DROPPED, "", ("shelved",))
    words = "Resolved", "Duplicate", "Won't Do", "Shelved", "Live"
    assert resolved(Process((make, live, over, no)), *words) == ["over", "over", "no", "no", "live"]
    assert resolved(Process((make, live)), *words) == ["live", None, None, None, "live"]


@pytest.mark.parametrize("word", ["Won\u2019t Do", "won\u2018t  do", " Won\u02bct\tdo", "WON'T DO"])
def test_a_word_is_the_same_with_any_apostrophe(word: str) -> None:
    assert folded_word(word) == "won't do"
    assert pl.DataFrame({"word": [word]}).select(folded(pl.col("word"))).item() == "won't do"
    own = Process((Stage("make", "Make", Category.ACTIVE, "", ()), Stage("no", "No", Category.DROPPED, "", ("won\u2019t do",))))
    assert own.meant(word) == own.stages[1]
