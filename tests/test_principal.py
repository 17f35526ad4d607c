"""Nobody gets at a service without the role: checked in the source, and by calling every function."""

import ast
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import marops
from marops.errors import Forbidden
from marops.principal import LOCAL_ADMIN, Action, Principal, Role, allowed, require

SOURCE = Path(marops.__file__).parent
OF_WORK = ("approving", "commenting", "hindrances", "intake", "launching", "linking", "moving", "reading", "restaging")
SERVICES = sorted(
    [
        *SOURCE.glob("*/service.py"), SOURCE / "scorecard" / "managing.py", SOURCE / "pipeline" / "roles.py",
        SOURCE / "pipeline" / "details.py", SOURCE / "pipeline" / "choosing.py", SOURCE / "sample" / "loader.py",
        SOURCE / "pipeline" / "log_files.py", SOURCE / "sources" / "unimported.py",
        SOURCE / "health.py",
        *(SOURCE / "work" / f"{name}.py" for name in OF_WORK),
    ]
)  # fmt: skip
NOBODY = Principal("x", "Somebody", Role.NOBODY)


def offenders(source: str) -> list[str]:
    """Public functions whose first statement after the docstring is not `require(principal, Action...)`, or that need not
    reach it (kept by a decorator, or run only when iterated); and whatever else public could be called.
    """
    found: list[str] = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not _is_plain_data(node):
            found.append(node.name)
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Lambda):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            found.append(ast.unparse(target))
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        generates = any(isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(node))
        calls_early = any(isinstance(each, ast.Call) for default in node.args.defaults for each in ast.walk(default))
        if node.decorator_list or generates or calls_early:
            found.append(node.name)
            continue
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        call = body[0].value if body and isinstance(body[0], ast.Expr) else None
        parameters = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        checked = (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "require"
            and len(call.args) >= 2
            and isinstance(call.args[0], ast.Name)
            and call.args[0].id == "principal"
            and isinstance(call.args[1], ast.Attribute)
            and isinstance(call.args[1].value, ast.Name)
            and call.args[1].value.id == "Action"
        )
        if not checked or parameters[:1] != ["principal"]:
            found.append(node.name)
    return found


def _is_plain_data(node: ast.ClassDef) -> bool:
    """Whether a class only holds values: an enumeration, or a dataclass that reads nothing beyond itself."""
    if [ast.unparse(base) for base in node.bases] == ["StrEnum"]:
        return True
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    reads = {
        name
        for name in names
        if name in {"lake", "store", "rollups", "item_rollups", "workspaces"} or name.startswith(("load", "_load"))
    }
    return not reads and any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)


def module_of(path: Path) -> Any:
    return importlib.import_module(".".join(["marops", *path.relative_to(SOURCE).with_suffix("").parts]))


def functions() -> list[Any]:
    found: list[Any] = []
    for path in SERVICES:
        module = module_of(path)
        for name, function in vars(module).items():
            if inspect.isfunction(function) and not name.startswith("_") and function.__module__ == module.__name__:
                found.append(pytest.param(function, id=f"{module.__name__}.{name}"))
    return found


def test_there_are_services_to_look_at() -> None:
    names = {path.parent.name for path in SERVICES}
    assert {"sources", "workspaces", "scorecard", "pipeline", "maturity", "budget", "decisions", "sample"} <= names
    assert len(functions()) >= 40


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_public_function_of_a_service_asks_for_the_role_before_anything_else(path: Path) -> None:
    assert offenders(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "def f(principal, x):\n    'Doc.'\n    return x\n",
        "def f(principal, x):\n    'Doc.'\n    y = load(x)\n    require(principal, Action.READ)\n    return y\n",
        "def f(x, principal):\n    'Doc.'\n    require(principal, Action.READ)\n",
        "def f(principal):\n    'Doc.'\n    require(LOCAL_ADMIN, Action.READ)\n",
        "def f(principal):\n    'Doc.'\n    allowed(principal, Action.READ)\n",
        "def f(principal):\n    'Doc.'\n    if debug:\n        require(principal, Action.READ)\n",
        "async def f(principal):\n    pass\n",
        "@cached({})\ndef f(principal):\n    'Doc.'\n    require(principal, Action.READ)\n",
        "def f(principal):\n    'Doc.'\n    require(principal, Action.READ)\n    yield 1\n",
        "def f(principal, x=load()):\n    'Doc.'\n    require(principal, Action.READ)\n",
        "f = lambda principal: load()\n",
        "class f:\n    def load(self):\n        return load()\n",
        "@dataclass\nclass f:\n    def load(self):\n        return load()\n",
    ],
)
def test_a_function_that_does_not_ask_is_found(source: str) -> None:
    assert offenders(source) == ["f"]


def test_a_function_that_asks_and_private_ones_are_let_through() -> None:
    source = "def f(principal, x):\n    'Doc.'\n    require(principal, Action.READ, x)\n    return x\n\ndef _g(x):\n    pass\n"
    assert offenders(source) == []


class _Dummy:
    """Stands for whatever a function works on; it may be looked at, but nothing is behind it."""

    def __getattr__(self, name: str) -> "_Dummy":
        return _Dummy()


def _called_by(principal: Principal, function: Callable[..., Any]) -> Any:
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.default is not inspect.Parameter.empty:
            continue
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            named[parameter.name] = _Dummy()
        else:
            positional.append(_Dummy())
    return function(principal, *positional, **named)


@pytest.mark.parametrize("function", functions())
def test_somebody_without_a_role_is_turned_away_by_every_function(home: Path, function: Callable[..., Any]) -> None:
    with pytest.raises(Forbidden) as refused:
        _called_by(NOBODY, function)
    assert str(refused.value).startswith("Somebody is nobody; this needs ")
    assert str(refused.value).endswith(". Ask an admin of this marops for the role.")


LOOKING = {
    f"{module}.{name}"
    for module, names in {
        "marops.audit.service": "entries",
        "marops.budget.service": "budget what_if scenarios verdict findings",
        "marops.decisions.service": "decisions action_items action_item",
        "marops.maturity.service": "maturity verdict findings",
        "marops.pipeline.choosing": "persons acting known desk twins tracker_flags open_work over",
        "marops.pipeline.details": "details suggested unknown_statuses",
        "marops.pipeline.roles": "matrix held",
        "marops.pipeline.service": "flow findings verdict",
        "marops.scorecard.managing": "target_history overlaps in_file check_ins last_notes annotations rebases",
        "marops.scorecard.service": "scorecard row findings verdict",
        "marops.sources.service": "imports refused details_only restated_by replaced_by freshness campaign_names",
        "marops.work.approving": "approvals queue",
        "marops.work.commenting": "comments",
        "marops.work.hindrances": "flags dependencies",
        "marops.work.launching": "templates unreadable",
        "marops.work.reading": "item items",
        "marops.work.restaging": "adrift",
        "marops.workspaces.service": "present open_workspace sample_was_offered",
    }.items()
    for name in names.split()
}
"""What a viewer may call. Everything else, and so every new function, must turn a viewer away."""
COMMENTING = {
    "marops.scorecard.managing.check_in", "marops.scorecard.managing.withdraw_check_in", "marops.work.approving.decide",
    "marops.work.commenting.comment", "marops.work.commenting.withdraw_comment", "marops.work.moving.undo",
}  # fmt: skip
"""What a leader may call besides. Everything else must turn a leader away too."""


@pytest.mark.parametrize("function", [param for param in functions() if param.id not in LOOKING])
def test_a_viewer_may_look_but_change_nothing(home: Path, function: Callable[..., Any]) -> None:
    with pytest.raises(Forbidden, match=r"^Ana is viewer; this needs (leader|manager|admin)\."):
        _called_by(Principal("v", "Ana", Role.VIEWER), function)


@pytest.mark.parametrize("function", [param for param in functions() if param.id not in LOOKING | COMMENTING])
def test_a_leader_may_look_and_comment_but_change_nothing(home: Path, function: Callable[..., Any]) -> None:
    with pytest.raises(Forbidden, match=r"^Lia is leader; this needs (manager|admin)\."):
        _called_by(Principal("l", "Lia", Role.LEADER), function)


@pytest.mark.parametrize("name", sorted(COMMENTING))
def test_a_leader_gets_past_the_role_where_it_is_to_comment(home: Path, name: str) -> None:
    (function,) = (param.values[0] for param in functions() if param.id == name)
    with pytest.raises(Exception) as failed:  # noqa: PT011  (nothing is behind a dummy)
        _called_by(Principal("l", "Lia", Role.LEADER), function)
    assert not isinstance(failed.value, Forbidden)


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.NOBODY, set()),
        (Role.VIEWER, {Action.READ}),
        (Role.LEADER, {Action.READ, Action.COMMENT}),
        (Role.MANAGER, {Action.READ, Action.COMMENT, Action.EDIT, Action.IMPORT, Action.UNDO}),
        (Role.ADMIN, set(Action)),
    ],
)
def test_each_role_may_do_what_it_says_and_no_more(role: Role, may: set[Action]) -> None:
    somebody = Principal("x", "X", role)
    assert {action for action in Action if allowed(somebody, action)} == may
    for action in set(Action) - may:
        with pytest.raises(Forbidden):
            require(somebody, action)


def test_the_refusal_says_who_one_is_and_what_is_needed() -> None:
    with pytest.raises(Forbidden) as refused:
        require(Principal("v", "Ana", Role.VIEWER), Action.IMPORT)
    assert str(refused.value) == "Ana is viewer; this needs manager. Ask an admin of this marops for the role."


def test_the_local_principal_may_do_everything() -> None:
    assert all(allowed(LOCAL_ADMIN, action) for action in Action)


def test_a_role_said_as_a_number_before_there_were_leaders_is_no_other_role_now() -> None:
    assert [role.name for role in sorted(Role)] == ["NOBODY", "VIEWER", "LEADER", "MANAGER", "ADMIN"]
    for old in (1, 2, 3):
        with pytest.raises(ValueError, match="is not a valid Role"):
            Role(old)
