"""How often verdicts err where the truth is known: a small share of `python -m bench judging`, with wide bounds."""

import numpy as np

from bench import judging
from marops.sample import company


def test_few_pairs_of_unrelated_series_are_linked_whatever_their_memory():
    for kind, links in judging.unrelated(150, seed=1).items():
        assert judging.share([link.strongest is not None for link in links]) <= 0.1, kind
        assert judging.share([link.placebo is not None for link in links]) <= 0.12, kind


def test_the_share_of_false_links_is_one_in_twenty_and_not_none():
    links = [link for kind in judging.unrelated(300, seed=2).values() for link in kind]
    assert 0.01 <= judging.share([link.strongest is not None for link in links]) <= 0.08


def test_the_newest_month_of_a_steady_process_is_seldom_called_a_change():
    """But now and then: a rule that never says so would say nothing of a change, either."""
    for kind, called in judging.steady(500, seed=1).items():
        assert 0.002 <= judging.share(called) <= 0.02, kind


def test_the_interval_of_an_outage_covers_the_leads_it_really_took():
    found = judging.outages(300, seed=1)
    assert 0.91 <= judging.share([judging.is_covered([one]) for one in found]) <= 0.985
    long = [one for one in found if one.hours >= 9]
    assert np.mean([one.true for one in long]) > 7
    # An interval so wide that it must cover would say nothing.
    assert np.mean([one.variance**0.5 for one in long]) < 6


def test_what_a_dozen_outages_took_is_neither_over_nor_underestimated_in_sum():
    dozens = judging.short(1200, seed=1)
    assert 0.88 <= judging.share([judging.is_covered(dozen) for dozen in dozens]) <= 1
    # 1.7 leads are lost in each; an estimate varies by 3.3, so the mean of 1,200 by 0.1
    assert abs(judging.bias([one for dozen in dozens for one in dozen])) < 0.35


def test_the_hours_of_the_sample_company_add_up_to_the_leads_it_got():
    rates, leads = company.hourly_leads(), company.simulate().leads["seconds"]
    assert len(rates) == 24 * company.DAYS
    # Poisson: within four standard deviations, and what the outages took
    assert abs(len(leads) - rates.sum()) < 4 * rates.sum() ** 0.5 + 40
    assert np.corrcoef(np.bincount(leads // 3600 % 24, minlength=24), rates.reshape(-1, 24).sum(axis=0))[0, 1] > 0.99
