"""F tests of the effects in a fitted mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from botox_analysis.errors import listed, require_choice, require_text, require_two_arms
from botox_analysis.frames.handling import Handling, in_words
from botox_analysis.models.means.fitted_mean import FittedMean
from botox_analysis.models.means.hypotheses import TYPES, TypeName, hypotheses, interactions
from botox_analysis.models.means.labelled_rows import LabelledRows
from botox_analysis.numerics.linear.inference import Coefficients, FloatArray
from botox_analysis.numerics.repeated.small_sample import JointTest, Uncertainty, pooled_df


class TermTests:
    """A fit whose mean is a known function of arm, visit and covariates, with F tests of its effects."""

    labels: Mapping[str, str]
    model: str
    handling: Handling
    arms: tuple[str, ...]
    visits: tuple[str, ...]
    n: FloatArray
    coefficients: Coefficients
    fitted_means: tuple[FittedMean, ...]

    @property
    def method(self) -> str:
        """The model and the handling of missing values, in words.

        Examples
        --------
        >>> fit.method.split(",")[0]
        'MMRM'
        """
        return in_words(self.model, str(self.handling))

    def _estimates(self, labelled: LabelledRows, conf_level: float) -> pd.DataFrame:
        """Estimate combinations of coefficients, as *estimates*."""
        raise NotImplementedError

    @property
    def _compared(self) -> tuple[tuple[str, ...], list[int]]:
        """Return the visits whose differences have a row each, and their positions."""
        return self.visits, list(range(len(self.visits)))

    def _n_compared(self) -> FloatArray:
        """Return the number of subjects at these visits, shape (A, K)."""
        return self.n

    def term_tests(self, kind: TypeName = "III") -> pd.DataFrame:
        """Test every effect in the mean by an F test.

        Parameters
        ----------
        kind : str
            ``"III"``: factors in effects that contain the tested one have equal weights of their levels. ``"II"``: the test
            adjusts for all effects except those that contain the tested one. In both types, numbers in effects that contain the
            tested one are at 0. Centre a number to test a factor at its mean.

        Returns
        -------
        DataFrame
            One row for each effect: endpoint, visit (empty for a test of all visits), test, method, statistic (F), num_df, df,
            p_value. The test of an effect that the data do not determine is missing.

        Raises
        ------
        ValueError
            `kind` is not known.

        References
        ----------
        Goodnight JH (1980). Commun Stat Theory Methods 9:167-180.

        Examples
        --------
        >>> by_overuse = ba.fit_ancova(outcomes, covariates=["baseline", "arm:overuse"], visits=["week 24"])
        >>> by_overuse.term_tests()[["test", "statistic"]].round(1).values.tolist()[-2:]
        [['arm', 36.6], ['arm by overuse', 6.6]]
        """
        require_choice(kind, TYPES, "kind")
        tests = []
        for mean in self.fitted_means:
            visit = mean.visits[0] if len(mean.visits) == 1 else ""
            for term, rows in hypotheses(mean, kind).items():
                words = " by ".join(name.replace("_", " ") for name in term)
                tests.append((visit, words, self._tested(mean, rows)))
        return self._as_tests(tests)

    def interaction_tests(self, covariate: str) -> pd.DataFrame:
        """Test by F tests whether differences between arms are the same at all levels, or all values, of a covariate.

        Parameters
        ----------
        covariate : str
            Covariate whose effect differs between arms in the model (``"arm:x"``).

        Returns
        -------
        DataFrame
            Columns as from `term_tests`. An effect that differs between visits has one row for each visit, one for any visit,
            and one for the average over visits.

        Raises
        ------
        DataError
            The fit has one arm only.
        ValueError
            The model has no effect of arm by the covariate.

        Examples
        --------
        >>> by_overuse = ba.fit_ancova(outcomes, covariates=["baseline", "arm:overuse"], visits=["week 24"])
        >>> by_overuse.interaction_tests("overuse")[["test", "statistic", "p_value"]].round(2).values.tolist()
        [['arm by overuse at week 24', 6.64, 0.01]]
        """
        self._require_by_arm(covariate)
        of = f"arm by {covariate.replace('_', ' ')}"
        tests = []
        for mean in self.fitted_means:
            at_visits = [rows.reshape(-1, rows.shape[-1]) for rows in interactions(mean, covariate)]
            asked = [(visit, f"{of} at {visit}", rows) for visit, rows in zip(mean.compared, at_visits, strict=True)]
            if len(at_visits) > 1 and ("arm", covariate, "visit") not in mean.terms:
                asked = [("", of, at_visits[0])]
            elif len(at_visits) > 1:
                asked.append(("", f"{of} at any visit", np.concatenate(at_visits)))
                asked.append(("", f"{of} averaged over visits", np.mean(at_visits, axis=0)))
            for visit, words, rows in asked:
                tests.append((visit, words, self._tested(mean, rows)))
        return self._as_tests(tests)

    def _require_by_arm(self, covariate: str) -> None:
        require_text(covariate, "covariate", "the name of a covariate")
        self._require_arms()
        known = list(dict.fromkeys(name for mean in self.fitted_means for name in mean.by_arm))
        if covariate not in known:
            fitted = f"has {listed(known)}" if known else "has none"
            raise ValueError(
                f"`covariate` must be one whose effect differs between arms in the model, which {fitted}; got '{covariate}'. Try "
                f"a fit with 'arm:{covariate}' among the covariates; in a mixed model also in by_visit, for one at each visit."
            )

    def _require_arms(self) -> None:
        require_two_arms(self.arms, "a difference")

    def _placed(self, mean: FittedMean, rows: FloatArray) -> FloatArray:
        """Place rows of one mean among the coefficients of all means."""
        placed = np.zeros((*rows.shape[:-1], len(self.coefficients.beta)))
        placed[..., mean.first : mean.first + rows.shape[-1]] = rows
        return np.asarray(placed)

    def _tested(self, mean: FittedMean, rows: FloatArray) -> JointTest:
        """Test combinations of the coefficients of a mean; missing if the data do not determine them."""
        missing = JointTest(np.nan, float(len(rows)), np.nan, np.nan)
        if not len(rows) or not mean.is_estimable(rows).all():
            return missing
        try:
            return self._joint_test(self._placed(mean, rows))
        except np.linalg.LinAlgError:  # a sandwich variance of few subjects may have no inverse
            return missing

    def _joint_test(self, rows: FloatArray) -> JointTest:
        beta, cov_beta, df = self.coefficients.beta, self.coefficients.cov_beta, self.coefficients.df

        def scaled_df(contrasts: FloatArray) -> tuple[float, float]:
            return 1.0, pooled_df(contrasts, cov_beta, df)

        return Uncertainty(cov_beta, df, scaled_df).test_of(rows @ beta, rows)

    def _as_tests(self, tests: Sequence[tuple[str, str, JointTest]]) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "endpoint": self.labels["endpoint"],
                "visit": [visit for visit, _, _ in tests],
                "test": [words for _, words, _ in tests],
                "method": self.method,
                "statistic": [test.statistic for _, _, test in tests],
                "num_df": [test.num_df for _, _, test in tests],
                "df": [test.df for _, _, test in tests],
                "p_value": [test.p_value for _, _, test in tests],
            }
        )
