"""Every platform's own layout, from file to counted rows: recognised, dated, in its currency, to the last cent."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from marops.principal import Principal
from marops.sources import service
from marops.sources.recognising import recognise
from marops.sources.report import Job
from marops.sources.staging import stage
from marops.workspaces.store import OWN
from tests.sources import made

pytestmark = pytest.mark.usefixtures("read_here")


@dataclass(frozen=True, slots=True)
class Export:
    """A file in a platform's layout, with made values, and what counts of it."""

    known: str
    header: str
    rows: tuple[str, ...]
    spend: str
    clicks: int | None
    currency: str
    platform: str
    first: date = date(2026, 5, 1)
    last: date = date(2026, 5, 2)
    grain: str = "campaign day"
    mark: str = ","

    @property
    def content(self) -> str:
        """The file's text."""
        return "\n".join((self.header, *self.rows)) + "\n"


ADS = [
    Export(
        "google_ads campaign report",
        "Day,Campaign,Campaign ID,Currency code,Impr.,Clicks,Cost,Conversions,Final URL",
        ("2026-05-01,A,11,EUR,100,3,1.25,0.5,https://example.com/a", "2026-05-02,A,11,EUR,50,4,2.5,1,https://example.com/a"),
        "3.75",
        7,
        "EUR",
        "google_ads",
    ),
    Export(
        "google_ads campaign report",
        "Dia;Campanha;Código da moeda;Impr.;Cliques;Custo;Conversões",
        ("2026-05-01;A;BRL;1.100;3;1.000,25;0,50", "2026-05-02;A;BRL;50;4;2,50;1,00"),
        "1002.75",
        7,
        "BRL",
        "google_ads",
        mark=";",
    ),
    Export(
        "google_ads campaign report",
        "Tag;Kampagne;Kampagnentyp;Währungscode;Impr.;Klicks;Kosten",
        ("01.05.2026;A;Suchnetzwerk;EUR;100;3;1,25", "15.05.2026;A;Suchnetzwerk;EUR;50;4;2,50"),
        "3.75",
        7,
        "EUR",
        "google_ads",
        last=date(2026, 5, 15),
        mark=";",
    ),
    Export(
        "google_ads campaign report",
        "segments.date,campaign.id,campaign.name,customer.currency_code,metrics.clicks,metrics.cost_micros",
        ("2026-05-01,11,A,USD,3,1250000", "2026-05-02,11,A,USD,4,2500001"),
        "3.750001",
        7,
        "USD",
        "google_ads",
    ),
    Export(
        "google_ads ad_group report",
        "customer_id,date,base_ad_group,campaign_id,id,clicks,cost_micros,currency_code",
        ("1,2026-05-01,x,11,21,3,19000000,USD", "1,2026-05-02,x,11,21,4,1,USD"),
        "19.000001",
        7,
        "USD",
        "google_ads",
        grain="ad_group day",
    ),
    Export(
        "google_ads account report",
        "Date,Clicks,Avg. CPC,Cost",
        ('"Fri, May 1, 2026",3,R$ 1.00,R$ 3.00', '"Sat, May 2, 2026",4,R$ 1.00,R$ 4.00'),
        "7",
        7,
        "BRL",
        "google_ads",
        grain="account day",
    ),
    Export(
        "microsoft_ads campaign report",
        "TimePeriod,AccountId,CampaignId,CampaignName,CurrencyCode,Impressions,Clicks,Spend",
        ("2026-05-01,1,11,A,GBP,100,3,1.25", "2026-05-02,1,11,A,GBP,50,4,2.5"),
        "3.75",
        7,
        "GBP",
        "microsoft_ads",
    ),
    Export(
        "microsoft_ads keyword report",
        "date,account_id,campaign_id,ad_group_id,keyword_id,currency_code,bid_match_type,clicks,impressions,spend",
        ("2026-05-01,1,11,21,31,USD,Broad,3,100,1.25", "2026-05-02,1,11,21,31,USD,Broad,4,50,2.5"),
        "3.75",
        7,
        "USD",
        "microsoft_ads",
        grain="keyword day by bid_match_type, keyword_id",
    ),
    Export(
        "meta_ads campaign report",
        "Campaign name,Day,Impressions,Link clicks,Amount spent (BRL),Reporting starts,Reporting ends",
        ("A,2026-05-01,100,3,1.25,2026-05-01,2026-05-02", "A,2026-05-02,50,4,2.5,2026-05-01,2026-05-02"),
        "3.75",
        7,
        "BRL",
        "facebook_ads",
    ),
    Export(
        "meta_ads ad_group report",
        "Nombre de la campaña,Nombre del conjunto de anuncios,Día,Impresiones,Clics en el enlace,Importe gastado (EUR)",
        ("A,B,2026-05-01,100,3,1.25", "A,B,2026-05-02,50,4,2.5"),
        "3.75",
        7,
        "EUR",
        "facebook_ads",
        grain="ad_group day",
    ),
    Export(
        "meta_ads ad report",
        "account_id,account_currency,campaign_id,adset_id,ad_id,date_start,date_stop,impressions,inline_link_clicks,spend",
        ("1,USD,11,21,31,2026-05-01,2026-05-01,100,3,1.25", "1,USD,11,21,31,2026-05-02,2026-05-02,50,4,2.5"),
        "3.75",
        7,
        "USD",
        "facebook_ads",
        grain="ad day",
    ),
    Export(
        "linkedin_ads ad_group report",
        "Start Date (in UTC),Campaign Group Name,Campaign Name,Currency,Total Spent,Impressions,Clicks",
        ("5/1/2026,G,A,EUR,1.25,100,3", "5/13/2026,G,A,EUR,2.5,50,4"),
        "3.75",
        7,
        "EUR",
        "linkedin_ads",
        last=date(2026, 5, 13),
        grain="ad_group day",
    ),
    Export(
        "linkedin_ads ad_group report",
        "campaignId,campaignGroupId,date,currency,costInLocalCurrency,costInUsd,impressions,clicks",
        ("21,11,2026-05-01,BRL,6.25,1.25,100,3", "21,11,2026-05-02,BRL,12.5,2.5,50,4"),
        "18.75",
        7,
        "BRL",
        "linkedin_ads",
        grain="ad_group day",
    ),
    Export(
        "linkedin_ads ad_group report",
        "campaign_id,day,cost_in_usd,impressions,clicks",
        ("21,2026-05-01 00:00:00,1.25,100,3", "21,2026-05-02 00:00:00,2.5,50,4"),
        "3.75",
        7,
        "USD",
        "linkedin_ads",
        grain="ad_group day",
    ),
    Export(
        "tiktok_ads campaign report",
        "Campaign name,By Day,Currency,Cost,Impressions,Clicks (destination)",
        ("A,2026-05-01,USD,1.25,100,3", "A,2026-05-02,USD,2.5,50,4"),
        "3.75",
        7,
        "USD",
        "tiktok_ads",
    ),
    Export(
        "tiktok_ads ad_group report",
        "adgroup_id,stat_time_day,currency,spend,impressions,clicks,real_time_conversion",
        ("21,2026-05-01 00:00:00,USD,1.25,100,3,1", "21,2026-05-02 00:00:00,USD,2.5,50,4,1"),
        "3.75",
        7,
        "USD",
        "tiktok_ads",
        grain="ad_group day",
    ),
    Export(
        "pinterest_ads campaign report",
        "Date,Campaign ID,Campaign name,Impressions,Pin clicks,Spend in account currency,Currency",
        ("2026-05-01,11,A,100,3,1.25,EUR", "2026-05-02,11,A,50,4,2.5,EUR"),
        "3.75",
        7,
        "EUR",
        "pinterest_ads",
    ),
    Export(
        "pinterest_ads ad report",
        "date,advertiser_id,campaign_id,ad_group_id,pin_promotion_id,impression_1,clickthrough_1,spend_in_micro_dollar,currency",
        ("2026-05-01,1,11,21,31,100,3,1250000,CAD", "2026-05-02,1,11,21,31,50,4,2500000,CAD"),
        "3.75",
        7,
        "CAD",
        "pinterest_ads",
        grain="ad day",
    ),
    Export(
        "snapchat_ads campaign report",
        "Start Time,Campaign Name,Amount Spent,Currency,Paid Impressions,Swipe Ups",
        ("2026-05-01,A,1.25,USD,100,3", "2026-05-02,A,2.5,USD,50,4"),
        "3.75",
        7,
        "USD",
        "snapchat_ads",
    ),
    Export(
        "snapchat_ads ad report",
        "ad_id,date,impressions,spend,swipes,currency",
        ("x-1,2026-05-01 00:00:00,100,1250000,3,USD", "x-1,2026-05-02 00:00:00,50,2500000,4,USD"),
        "3.75",
        7,
        "USD",
        "snapchat_ads",
        grain="ad day",
    ),
    Export(
        "reddit_ads campaign report",
        "Date,Campaign Name,Impressions,Clicks,Amount Spent (USD),eCPM (USD),CTR",
        ("2026-05-01,A,100,3,1.25,12.5,3%", "2026-05-02,A,50,4,2.5,50,8%"),
        "3.75",
        7,
        "USD",
        "reddit_ads",
    ),
    Export(
        "reddit_ads campaign report",
        "account_id,campaign_id,date,clicks,comment_downvotes,ecpm,impressions,spend,currency",
        ("1,11,2026-05-01,3,0,1,100,1250000,USD", "1,11,2026-05-02,4,0,1,50,2500000,USD"),
        "3.75",
        7,
        "USD",
        "reddit_ads",
    ),
    Export(
        "x_ads campaign report",
        "Time period,Currency,Funding source name,Campaign name,Objective,Impressions,Spend,Link clicks",
        ("2026-05-01,USD,F,A,Reach,100,1.25,3", "2026-05-02,USD,F,A,Reach,50,2.5,4"),
        "3.75",
        7,
        "USD",
        "twitter_ads",
    ),
    Export(
        "x_ads campaign report",
        "Time period,Campaign name,Campaign ID,Currency,Impressions,Spend,Link clicks,Results",
        ("2026-05-01,A,11,USD,100,1.25,3,1", "2026-05-02,A,11,USD,50,2.5,4,0"),
        "3.75",
        7,
        "USD",
        "twitter_ads",
    ),
    Export(
        "microsoft_ads campaign report",
        "Time period,Campaign,Campaign ID,Currency code,Impressions,Spend,Clicks,Conversions",
        ("5/1/2026,A,11,USD,100,1.25,3,1", "5/13/2026,A,11,USD,50,2.5,4,0"),
        "3.75",
        7,
        "USD",
        "microsoft_ads",
        last=date(2026, 5, 13),
    ),
    Export(
        "x_ads breakdown report",
        "account_id,campaign_id,date,placement,impressions,clicks,url_clicks,billed_charge_local_micro,currency",
        ("1,11,2026-05-01,ALL_ON_TWITTER,100,9,3,1250000,USD", "1,11,2026-05-02,ALL_ON_TWITTER,50,9,4,2500000,USD"),
        "3.75",
        7,
        "USD",
        "twitter_ads",
        grain="breakdown day by placement",
    ),
    Export(
        "amazon_ads keyword report",
        "Date,Portfolio name,Currency,Campaign Name,Ad Group Name,Targeting,Match Type,"
        "Impressions,Clicks,Spend,7 Day Total Sales,7 Day Total Orders (#)",
        ("2026-05-01,P,USD,A,B,shoes,BROAD,100,3,1.25,9.99,1", "2026-05-02,P,USD,A,B,shoes,BROAD,50,4,2.5,0,0"),
        "3.75",
        7,
        "USD",
        "amazon_ads",
        grain="keyword day by match type, targeting",
    ),
    Export(
        "amazon_ads campaign report",
        "date,campaignId,campaignName,campaignBudgetCurrencyCode,impressions,clicks,cost,sales30d,purchases30d",
        ("2026-05-01,11,A,EUR,100,3,1.25,9.99,1", "2026-05-02,11,A,EUR,50,4,2.5,0,0"),
        "3.75",
        7,
        "EUR",
        "amazon_ads",
    ),
    Export(
        "ad_report campaign report",
        "date_day,platform,campaign_id,campaign_name,clicks,impressions,spend,currency_code",
        ("2026-05-01,facebook_ads,11,A,3,100,1.25,EUR", "2026-05-02,facebook_ads,11,A,4,50,2.5,EUR"),
        "3.75",
        7,
        "EUR",
        "facebook_ads",
    ),
    Export(
        "ad_report campaign report",
        "Data,Plataforma,Campanha,Cliques,Impressões,Investimento (BRL)",
        ("2026-05-01,LinkedIn,A,3,100,1.25", "2026-05-02,LinkedIn,A,4,50,2.5"),
        "3.75",
        7,
        "BRL",
        "linkedin_ads",
    ),
]


@pytest.mark.parametrize("export", ADS, ids=lambda export: f"{export.platform}: {export.header[:50]}")
def test_ad_reports_count_to_the_cent(home: Path, admin: Principal, tmp_path: Path, export: Export) -> None:
    path = made.put(tmp_path / "report.csv", export.content)
    described = stage(Job(path=str(path), name=path.name, folder=str(tmp_path), today=made.TODAY, describe=True)).described[0]
    assert (described.recognised_as, described.questions) == (export.known, [])
    preview = service.preview_file(admin, OWN, path)
    assert [(part.questions, part.rows_refused) for part in preview.report.parts] == [([], 0)]
    service.accept(admin, preview)
    rows = made.counted("ad_performance")
    assert (rows["spend"].sum(), rows["clicks"].sum(), rows.height) == (Decimal(export.spend), export.clicks, 2)
    assert set(rows["currency_code"]) == {export.currency}
    assert set(rows["platform"]) == {export.platform}
    assert (rows["period_start"].min(), rows["period_end"].max()) == (export.first, export.last)
    assert preview.ready[0].rows.grain == export.grain


@dataclass(frozen=True, slots=True)
class Records:
    """A file in the layout of a tool that keeps records, and the canonical rows it becomes."""

    known: str
    table: str
    content: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


RECORDS = [
    Records(
        "lead_touches",
        "lead_touch",
        "Lead ID,Touch,At,Owner,Default queue\n7,Owner assigned,2026-05-01 09:31,Q,yes\n7,Form submit,2026-05-01 09:30,,\n",
        ("lead_id", "touch_sequence", "kind", "at", "owner_id", "is_default_queue"),
        (
            ("7", 1, "form_submit", made.utc(2026, 5, 1, 9, 30), None, None),
            ("7", 2, "owner_assigned", made.utc(2026, 5, 1, 9, 31), "Q", True),
        ),
    ),
    Records(
        "changes",
        "change",
        "Change ID;Serviço;Implantado em;Falhou\nC1;CRM;2026-05-01 09:30;sim\nC2;CRM;2026-05-02 09:30;não\n",
        ("change_id", "service", "deployed_at", "failed"),
        (("C1", "CRM", made.utc(2026, 5, 1, 9, 30), True), ("C2", "CRM", made.utc(2026, 5, 2, 9, 30), False)),
    ),
    Records(
        "privacy_requests",
        "privacy_request",
        "Request ID,Law,Received at,Closed at\nR1,lgpd,2026-05-01 09:30,\n",
        ("request_id", "law", "received_at", "due_at", "closed_at"),
        (("R1", "LGPD", made.utc(2026, 5, 1, 9, 30), None, None),),
    ),
    Records(
        "costs",
        "cost",
        "Cost center,Month,Amount,Currency\n4100,2026-02-01,1200.50,BRL\n",
        ("cost_centre", "period_start", "period_end", "sales_marketing_cost", "currency_code"),
        (("4100", date(2026, 2, 1), date(2026, 2, 28), Decimal("1200.5"), "BRL"),),
    ),
    Records(
        "hubspot_contacts",
        "lead",
        "Record ID,Email,Create Date,Original Source,Lifecycle Stage,Contact owner\n7,,2026-05-01 09:30,Paid Search,Lead,O1\n",
        ("lead_id", "created_at", "lead_source", "status"),
        (("7", made.utc(2026, 5, 1, 9, 30), "Paid Search", "Lead"),),
    ),
    Records(
        "hubspot_contacts",
        "lead",
        "id,property_createdate,property_lifecyclestage\n7,2026-05-01T09:30:00.000Z,lead\n",
        ("lead_id", "created_at", "status"),
        (("7", made.utc(2026, 5, 1, 9, 30), "lead"),),
    ),
    Records(
        "hubspot_deals",
        "lead",
        "Record ID,Deal Name,Deal Stage,Amount,Currency,Create Date,Close Date,Associated Contact IDs\n"
        "9,D,Won,1200.50,USD,2026-05-01 09:30,2026-06-13,7\n",
        ("lead_id", "deal_id", "amount", "currency_code", "close_date", "is_converted"),
        (("7", "9", Decimal("1200.5"), "USD", date(2026, 6, 13), True),),
    ),
    Records(
        "hubspot_deal_stages",
        "lead_stage_history",
        "_fivetran_active,deal_id,date_entered,_fivetran_end,value\ntrue,9,2026-05-01 09:30:00,2050-01-01 00:00:00,won\n",
        ("lead_id", "stage", "date_stage_entered", "date_stage_exited"),
        (("9", "won", made.utc(2026, 5, 1, 9, 30), None),),
    ),
    Records(
        "salesforce_leads",
        "lead",
        "Lead ID,Lead Owner,Lead Source,Lead Status,Created Date,Converted\n00Q1,O1,Web,Open,2026-05-01,0\n",
        ("lead_id", "lead_source", "status", "is_converted"),
        (("00Q1", "Web", "Open", False),),
    ),
    Records(
        "salesforce_leads",
        "lead",
        "Id,LeadSource,Status,IsConverted,ConvertedOpportunityId,CreatedDate\n00Q1,Web,Open,true,"
        "006A,2026-05-01T09:30:00.000+0000\n",
        ("lead_id", "lead_source", "deal_id", "created_at"),
        (("00Q1", "Web", "006A", made.utc(2026, 5, 1, 9, 30)),),
    ),
    Records(
        "salesforce_opportunities",
        "lead",
        "Opportunity ID,Opportunity Name,Stage,Amount,Amount Currency,Created Date,Close Date,Lead ID\n"
        "006A,N,Closed Won,99.90,EUR,2026-05-01,2026-05-31,00Q1\n",
        ("lead_id", "deal_id", "amount", "currency_code", "status"),
        (("00Q1", "006A", Decimal("99.9"), "EUR", "Closed Won"),),
    ),
    Records(
        "jira_issues",
        "work_item",
        "Summary,Issue key,Issue id,Status,Sprint,Sprint,Comment,Comment,Created,Resolved\n"
        "S,P-1,10,Done,S1,S2,c1,c2,01/May/26 9:30 AM,02/May/26 9:30 PM\n",
        ("issue_id", "issue_key", "issue_name", "created_at", "resolved_at"),
        (("10", "P-1", "S", made.utc(2026, 5, 1, 9, 30), made.utc(2026, 5, 2, 21, 30)),),
    ),
    Records(
        "asana_tasks",
        "work_item",
        "Task ID,Created At,Completed At,Last Modified,Name,Section/Column,Assignee,Due Date,Projects,Parent task\n"
        "120,2026-05-01,,2026-05-02,T,Doing,U,2026-05-31,P,\n",
        ("issue_id", "issue_name", "current_status", "created_at", "due_date", "resolved_at"),
        (("120", "T", "Doing", made.utc(2026, 5, 1), date(2026, 5, 31), None),),
    ),
    Records(
        "servicenow_incidents",
        "incident",
        "number,incident_state,reopen_count,made_sla,opened_at,sys_updated_at,priority,closed_at\n"
        "INC2,New,0,TRUE,29-02-2024 01:16,29-02-2024 01:23,3 - Moderate,?\n"
        "INC1,Closed,1,FALSE,29-02-2024 01:16,13-03-2024 10:00,3 - Moderate,13-03-2024 10:00\n"
        "INC1,New,0,TRUE,29-02-2024 01:16,29-02-2024 01:20,3 - Moderate,13-03-2024 10:00\n",
        ("number", "reopen_count", "made_sla", "closed_at"),
        (("INC1", 1, False, made.utc(2024, 3, 13, 10)), ("INC2", 0, True, None)),
    ),
    Records(
        "servicenow_incidents",
        "incident",
        "Number,Opened,Caller,Priority,Closed\nINC1,2026-05-01 09:30:00,C,1 - Critical,\n",
        ("number", "opened_at", "priority"),
        (("INC1", made.utc(2026, 5, 1, 9, 30), "1 - Critical"),),
    ),
    Records(
        "ga4",
        "web_traffic_daily",
        "# ----\n# Report\n# ----\nDate,Session default channel group,Sessions,Key events\n20260501,Direct,10,1.5\n",
        ("date_day", "channel_group", "sessions", "key_events"),
        ((date(2026, 5, 1), "Direct", 10, Decimal("1.5")),),
    ),
    Records(
        "ga4",
        "web_traffic_daily",
        "date,sessionDefaultChannelGroup,sessions,activeUsers\n20260501,Direct,10,7\n",
        ("date_day", "sessions", "users"),
        ((date(2026, 5, 1), 10, 7),),
    ),
    Records(
        "xes_events",
        "work_item_transition",
        "case:concept:name,concept:name,time:timestamp,org:resource\n1,register,2026-05-01 09:30:00+02:00,R\n",
        ("issue_id", "status", "transition_at", "changed_by"),
        (("1", "register", made.utc(2026, 5, 1, 7, 30), "R"),),
    ),
    Records(
        "cycle_times",
        "work_item_transition",
        "ID,Link,Name,Backlog,Done,Type,Status,Resolution,Blocked Days\nI-1,l,n,2026-05-01,2026-05-13,Story,Done,Done,0\n",
        ("issue_id", "status_sequence", "status", "transition_at"),
        (("I-1", 1, "Backlog", made.utc(2026, 5, 1)), ("I-1", 2, "Done", made.utc(2026, 5, 13))),
    ),
    Records(
        "cycle_times",
        "work_item_transition",
        "ID,Link,Name,Backlog,Build,Test,Done,Type,Status,Resolution,Team,Started,Blocked Days\n"
        "I-1,l,n,2026-05-01,,2026-05-13,2026-05-13,Story,Done,Done,Red,2026-05-02,3\n",
        ("issue_id", "status_sequence", "status", "transition_at"),
        (
            ("I-1", 1, "Backlog", made.utc(2026, 5, 1)),
            ("I-1", 2, "Test", made.utc(2026, 5, 13)),
            ("I-1", 3, "Done", made.utc(2026, 5, 13)),
        ),
    ),
    Records(
        "qualtrics",
        "survey_response",
        "StartDate,EndDate,Finished,ResponseId,RecordedDate,UserLanguage,Q1,Q2_1_TEXT\n"
        "Start Date,End Date,Finished,Response ID,Recorded Date,User Language,How well?,Why?\n"
        '"{""ImportId"":""startDate""}","{""ImportId"":""endDate""}","{""ImportId"":""finished""}","{""ImportId"":""_recordId""}",'
        '"{""ImportId"":""recordedDate""}","{""ImportId"":""userLanguage""}",'
        '"{""ImportId"":""QID1""}","{""ImportId"":""QID2_1_TEXT""}"\n'
        "2026-05-01 09:00:00,2026-05-01 09:10:00,True,R_1,2026-05-01 09:10:00,EN,4,so\n",
        ("survey_response_id", "question_id", "question_text", "response_text", "value"),
        (("R_1", "Q1", "How well?", "4", Decimal(4)), ("R_1", "Q2_1_TEXT", "Why?", "so", None)),
    ),
    Records(
        "qualtrics",
        "survey_response",
        "V1,V2,V8,V9,V10,Q1\nResponseID,ResponseSet,StartDate,EndDate,Finished,How well?\nR_1,S,"
        "2026-05-01 09:00:00,2026-05-01 09:10:00,1,4\n",
        ("survey_response_id", "question_id", "question_text", "value"),
        (("R_1", "Q1", "How well?", Decimal(4)),),
    ),
]


@pytest.mark.parametrize("records", RECORDS, ids=lambda records: f"{records.known}: {records.content[:40]!r}")
def test_records_of_other_tools_become_canonical_rows(home: Path, admin: Principal, tmp_path: Path, records: Records) -> None:
    path = made.put(tmp_path / "export.csv", records.content)
    described = stage(Job(path=str(path), name=path.name, folder=str(tmp_path), today=made.TODAY, describe=True)).described[0]
    assert (described.recognised_as, described.questions) == (records.known, [])
    service.accept(admin, service.preview_file(admin, OWN, path))
    assert tuple(made.counted(records.table).select(records.columns).sort(order_of(records)).rows()) == records.rows


def order_of(records: Records) -> list[str]:
    """Columns that order the rows."""
    return [name for name in records.columns if name.endswith(("_id", "number", "sequence", "date_day"))]


@pytest.mark.parametrize(
    "headers",
    [
        "respondent,age,gender,satisfaction,order_quantity",
        "year;month;day;hour;rainfall_mm",
        "Service Area,Account Description,Creditor,Date,Reference,Net Amount,VAT,Gross Amount",
        "week,tv_spend,search_spend,facebook_spend,revenue,promo",
        "DATE,revenue,tv_S,ooh_S,facebook_I,search_clicks_P,newsletter",
        "ID,Year_Birth,Education,Income,Recency,AcceptedCmp1,Response",
        "Page name,Disclaimer,Amount spent (USD),Number of ads in Library",
        "number,assignment_group,opened_at,sys_updated_on,risk,type",
        "Top queries,Clicks,Impressions,CTR,Position",
        "name,type,id,created",
        "sys_id,active,assignment_group_link,closed_at,number,opened_at,priority,sys_created_on",
        "Order ID,Date,Customer,Amount,Currency,Status",
        "user id,test group,converted,total ads,most ads day",
    ],
)
def test_files_of_other_kinds_are_no_platforms(headers: str) -> None:
    assert recognise(headers.split(";" if ";" in headers else ",")) is None


def test_a_report_that_names_no_platform_is_read_and_the_platform_asked(tmp_path: Path) -> None:
    part, _ = made.text(tmp_path, "Day,Campaign,Clicks,Cost,Currency\n2026-05-01,A,1,1.5,EUR\n")
    assert part.mapping is not None
    assert part.mapping.shape == "ad_report"
    asked = part.questions[0]
    assert (asked.code, "google_ads" in asked.choices, "pinterest_ads" in asked.choices) == ("platform", True, True)
    answered = part.mapping.model_copy(update={"constants": {"platform": "reddit_ads"}})
    _, rows = made.text(tmp_path, "Day,Campaign,Clicks,Cost,Currency\n2026-05-01,A,1,1.5,EUR\n", mapping=answered)
    assert rows["platform"].to_list() == ["reddit_ads"]


def test_hours_of_a_day_are_told_apart(tmp_path: Path) -> None:
    part, rows = made.text(
        tmp_path,
        "ad_id,date,impressions,spend,swipes,currency\n"
        "x-1,2026-05-01 10:00:00.000,100,1250000,3,USD\nx-1,2026-05-01 11:00:00.000,50,2500000,4,USD\n",
    )
    assert (part.rows_refused, part.sums["spend"], part.rows.grain) == (0, "3.75", "breakdown day by date")
    assert set(rows["period_start"]) == {date(2026, 5, 1)}


def test_each_of_several_reports_in_one_file_is_imported(home: Path, admin: Principal, tmp_path: Path) -> None:
    head = "# Start date: 20260501\n# End date: 20260502\n"
    content = (
        f"{head}Date,Session default channel group,Sessions\n20260501,Direct,10\n20260502,Direct,5\n\n"
        f"{head}Date,Session default channel group,Active users,Sessions\n20260501,Email,3,4\n"
    )
    preview = service.preview_file(admin, OWN, made.put(tmp_path / "snapshot.csv", content))
    assert [(part.name, part.rows_ready) for part in preview.ready] == [("Date", 2), ("Date (2)", 1)]
    service.accept(admin, preview)
    rows = made.counted("web_traffic_daily")
    assert sorted(rows.select("source_row_number", "sessions").rows()) == [(4, 10), (5, 5), (10, 4)]


def test_touches_of_a_lead_are_numbered_over_the_whole_file(home: Path, admin: Principal, tmp_path: Path) -> None:
    """Rows read in another notation than the first ones (here: padded kinds at the end) are no leads of their own."""
    rows = [f"L{n // 2},{'Form submit' if n % 2 == 0 else 'Owner assigned'},2026-05-01 09:{n % 60:02}" for n in range(6_000)]
    rows[-100:] = [row.replace("Owner assigned", " Owner assigned ") for row in rows[-100:]]
    path = made.put(tmp_path / "touches.csv", "\n".join(("Lead ID,Touch,At", *rows)) + "\n")
    preview = service.preview_file(admin, OWN, path)
    assert [(part.rows_ready, part.rows_refused) for part in preview.report.parts] == [(6_000, 0)]
