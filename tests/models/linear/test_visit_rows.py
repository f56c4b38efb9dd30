"""Visits and rows of models that are fitted at each visit."""

import pytest

import botox_analysis as ba
from botox_analysis.models.linear.visit_rows import choose_visits


@pytest.fixture(scope="module")
def outcomes():
    return ba.HEADACHE_DAYS.derive(ba.open_trial("simulated"))


def test_visits_are_analysed_in_the_order_of_time(outcomes):
    visits = list(outcomes["visit"].cat.categories)
    assert choose_visits(outcomes, visits[::-1]) == visits
    assert choose_visits(outcomes, iter(visits[:1])) == visits[:1]


@pytest.mark.parametrize("visits", ["week 4", slice(None), [], ["week 4", "week 4"], 4])
def test_visits_that_are_no_list_of_names_are_refused_with_one_that_is(outcomes, visits):
    with pytest.raises(ValueError, match=r"`visits` must be a list of names, each once; got .* Try visits=\["):
        choose_visits(outcomes, visits)
