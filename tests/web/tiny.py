"""A company small enough to be checked by hand: June 2026, one month of everything.

Every figure that page tests expect is worked out here, beside the data it comes from.
"""

from datetime import date
from pathlib import Path

from marops import store
from marops.principal import LOCAL_ADMIN
from marops.sources import service
from marops.workspaces.store import OWN, Workspace

TODAY = date(2026, 6, 30)

# Spend 100 + 200 + 60 = 360 EUR, conversions 10 + 10 + 4 = 24, so 15 EUR each.
# Search: 300 EUR, 20 conversions, 15 EUR each. Display: 60 EUR, 4 conversions, 15 EUR each.
ADS = """\
Campaign report
1 June 2026 - 30 June 2026
Day,Campaign,Campaign ID,Campaign type,Currency code,Impr.,Clicks,Cost,Conversions
2026-06-01,Alpha,1,Search,EUR,1000,100,100.00,10.00
2026-06-02,Alpha,1,Search,EUR,2000,200,200.00,10.00
2026-06-02,Beta,2,Display,EUR,3000,30,60.00,4.00
2026-06-30,Beta,2,Display,EUR,10,0,0.00,0.00
"""

# Four MQLs on 1 June. Two were accepted within 14 days (L1 after 2 days, L2 after 4), one after 20 days, one never: 50 %.
LEADS = """\
Lead ID,Create Date,Lead Source,Lead Status,UTM Campaign
L1,2026-06-01 08:00:00,Paid,SAL,Alpha
L2,2026-06-01 08:00:00,Paid,SAL,Alpha
L3,2026-06-01 08:00:00,Paid,SAL,Alpha
L4,2026-06-01 08:00:00,Paid,MQL,Beta
"""
HISTORY = """\
Lead ID,Field / Event,Old Value,New Value,Edit Date
L1,Status,,MQL,2026-06-01 09:00:00
L2,Status,,MQL,2026-06-01 09:00:00
L3,Status,,MQL,2026-06-01 09:00:00
L4,Status,,MQL,2026-06-01 09:00:00
L1,Status,MQL,SAL,2026-06-03 09:00:00
L2,Status,MQL,SAL,2026-06-05 09:00:00
L3,Status,MQL,SAL,2026-06-21 09:00:00
L4,Status,MQL,Nurture,2026-06-29 09:00:00
"""

# June has 43,200 minutes; 432 of them down: 99 %.
UPTIME = """\
Event,Monitor,Date-Time,Reason,Duration,Duration (in mins.)
Up,Shop,2026-06-01 00:00:00,OK,,14400
Down,Shop,2026-06-11 00:00:00,Timeout,,432
Up,Shop,2026-06-11 07:12:00,OK,,28368
"""

# On 30 June: C-1 launched a day early, C-2 five days late, C-3 is ten days past its date, C-4 is not due yet.
JIRA = """\
Summary,Issue key,Issue id,Issue Type,Status,Created,Due date,Custom field (Campaign)
Alpha,C-1,1,Campaign,Execution,01/Jun/26 9:00 AM,10/Jun/26 12:00 AM,Alpha
Beta,C-2,2,Campaign,Execution,01/Jun/26 9:00 AM,10/Jun/26 12:00 AM,Beta
Gamma,C-3,3,Campaign,Build,01/Jun/26 9:00 AM,20/Jun/26 12:00 AM,Gamma
Delta,C-4,4,Campaign,Request,29/Jun/26 9:00 AM,31/Jul/26 12:00 AM,Delta
"""
JIRA_HISTORY = """\
Issue key,Issue id,Summary,Date of change,Updated by,Field,Old value,New value
C-1,1,Alpha,01/Jun/26 9:00 AM,ops,Status,,Request
C-1,1,Alpha,09/Jun/26 9:00 AM,ops,Status,Request,Execution
C-2,2,Beta,01/Jun/26 9:00 AM,ops,Status,,Request
C-2,2,Beta,15/Jun/26 9:00 AM,ops,Status,Request,Execution
C-3,3,Gamma,01/Jun/26 9:00 AM,ops,Status,,Request
C-3,3,Gamma,11/Jun/26 12:00 AM,ops,Status,Request,Build
C-4,4,Delta,29/Jun/26 9:00 AM,ops,Status,,Request
"""

TARGETS = """\
KPI,Valid from,Valid to,Type,Value,Upper,Set by,Reason
IT1,2026-01-01,2026-12-31,>=,0.999,,Board,Agreed
M8,2026-01-01,2026-12-31,<=,150,,Board,Agreed
"""

ITEMS = [
    "SP1",
    "SP2",
    "SP3",
    "SP4",
    "RC1",
    "RC2",
    "RC3",
    "RC4",
    "GO1",
    "GO2",
    "GO3",
    "GO4",
    "GO5",
    "CE1",
    "CE2",
    "CE3",
    "CE4",
    "TR1",
    "TR2",
    "UN1",
    "UN2",
    "ND1",
    "ND2",
    "TS1",
    "TS2",
    "DO1",
    "DO2",
    "JG1",
    "JG2",
]


def _assessment() -> str:
    """Five people a side, every item at level 3 with evidence: every block reaches Scale."""
    head = ["Assessment", "Respondent", "Side", "Completion time", *(cell for item in ITEMS for cell in (item, f"{item} evidence"))]
    people = [(f"I{n}", "IT") for n in range(5)] + [(f"M{n}", "Marketing") for n in range(5)]
    rows = [
        ["June", name, side, "2026-06-15 10:00:00", *(cell for _ in ITEMS for cell in ("3", "https://wiki.example/page"))]
        for name, side in people
    ]
    return "\n".join(",".join(row) for row in [head, *rows]) + "\n"


FILES = {
    "ads.csv": ADS,
    "leads.csv": LEADS,
    "history.csv": HISTORY,
    "uptime.csv": UPTIME,
    "jira.csv": JIRA,
    "jira-history.csv": JIRA_HISTORY,
    "targets.csv": TARGETS,
    "assessment.csv": _assessment(),
    "facts.csv": "Assessment,Fact,Value\nJune,F1,7\n",
}


def stop_the_clock() -> None:
    """Let the workspace's today be the last day of its data."""
    with store.writing() as session:
        own = session.get(Workspace, OWN)
        assert own is not None
        own.today = TODAY
        own.touch()
        session.add(own)


def bring_in(folder: Path, *names: str) -> None:
    """Import these files (all, where none is named) into the user's own workspace."""
    stop_the_clock()
    folder.mkdir(exist_ok=True)
    paths = [folder / name for name in (names or FILES)]
    for path in paths:
        path.write_text(FILES[path.name], encoding="utf-8")
    for preview in service.preview_files(LOCAL_ADMIN, OWN, paths):
        assert not isinstance(preview, Exception), preview
        service.accept(LOCAL_ADMIN, preview)
