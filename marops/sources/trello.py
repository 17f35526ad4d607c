"""Cards and actions as a Trello board's export holds them, or as its API returns them: what cards are, and how they moved.

A card does not say when it was created, but its id does. See https://developer.atlassian.com/cloud/trello/guides/rest-api/.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from marops.sources.nested import Numbered, at, objects, quoted
from marops.sources.report import Note

_DIGITS_OF_MOMENT = 8

_MOST = 1000
"""The most actions, the newest, that an export or an answer holds."""


def is_board(found: dict[str, Any]) -> bool:
    """Whether an object is a board's export."""
    return any(is_card(card) for card in objects(found, "cards")) and bool(objects(found, "lists"))


def is_card(found: dict[str, Any]) -> bool:
    """Whether an object is a card."""
    return {"id", "name", "idList", "idBoard"} <= found.keys()


def is_action(found: dict[str, Any]) -> bool:
    """Whether an object is an action, which is one thing that happened on a board."""
    return {"id", "type", "date", "data", "idMemberCreator"} <= found.keys() and isinstance(found["data"], dict)


def id_of(found: dict[str, Any]) -> str:
    """The id of a card or an action."""
    return at(found, "id")


def cards(found: Iterable[Numbered]) -> Iterator[Numbered]:
    """One row a card, its list by its id."""
    for number, card in found:
        yield number, _row(card, at(card, "idList"), "")


def cards_of_boards(found: Iterable[Numbered]) -> Iterator[Numbered]:
    """One row a card of the boards, its list by its name. Rows are numbered from 1."""
    return enumerate((row for _, board in found for row in _named(board)), 1)


def history(found: Iterable[Numbered]) -> Iterator[Numbered]:
    """One row a list that a card entered: where it was made, or moved to another."""
    for number, action in found:
        if row := _entered(action):
            yield number, row


def history_of_boards(found: Iterable[Numbered]) -> Iterator[Numbered]:
    """The same, of the actions in boards. Rows are numbered from 1."""
    return enumerate((row for _, board in found for row in _moves(objects(board, "actions"))), 1)


def notes_of_boards(found: Iterable[Numbered]) -> Iterator[Note]:
    """Whether a board may have had more actions than its export holds."""
    full = [at(board, "name") for _, board in found if len(objects(board, "actions")) >= _MOST]
    if full:
        yield Note(code="actions_cut_off", values={"n": _MOST, "names": quoted(full)})


def _moves(actions: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """Where earlier actions may be missing, what a card left is not said: it need not have been there since its creation."""
    for action in actions:
        if row := _entered(action):
            yield row if len(actions) < _MOST else {**row, "left list": ""}


def _named(board: dict[str, Any]) -> Iterator[dict[str, str]]:
    lists = {at(each, "id"): at(each, "name") for each in objects(board, "lists")}
    for card in objects(board, "cards"):
        yield _row(card, lists.get(at(card, "idList"), at(card, "idList")), at(board, "name"))


def _row(card: dict[str, Any], entered: str, board: str) -> dict[str, str]:
    """A card in the columns of Trello's own CSV. One whose date is met, or that is archived, is over wherever it stands."""
    is_over = card.get("dueComplete") is True or card.get("closed") is True
    members = card.get("idMembers")
    return {
        "card id": at(card, "id"), "card name": at(card, "name"), "list name": entered, "board name": board,
        "created": _created(at(card, "id")), "due date": at(card, "due"), "category": "Done" if is_over else "",
        "members": str(members[0]) if isinstance(members, list) and members else "",
    }  # fmt: skip


def _created(its_id: str) -> str:
    """When something was created: the seconds since 1970 that its id begins with."""
    try:
        return datetime.fromtimestamp(int(its_id[:_DIGITS_OF_MOMENT], 16), UTC).isoformat()
    except ValueError:
        return ""


def _entered(action: dict[str, Any]) -> dict[str, str] | None:
    data = action["data"]
    left, entered = at(data, "listBefore", "name"), at(data, "listAfter", "name") or at(data, "list", "name")
    is_made = at(action, "type") in {"createCard", "copyCard", "convertToCardFromCheckItem", "moveCardToBoard"}
    if not entered or not (is_made or left):
        return None
    return {
        "card id": at(data, "card", "id"), "left list": left, "entered list": entered, "date": at(action, "date"),
        "member": at(action, "idMemberCreator"),
    }  # fmt: skip
