"""`Imputations`: *outcomes* completed many times, with pooled analyses."""

from __future__ import annotations

from botox_analysis.models.imputation.draws import ImputingFurther
from botox_analysis.models.imputation.pooled_responders import PoolingResponders
from botox_analysis.models.imputation.pooling import Pooling
from botox_analysis.models.imputation.shifts import Shifting
from botox_analysis.models.imputation.tipping import Tipping


class Imputations(ImputingFurther, Pooling, PoolingResponders, Shifting, Tipping):
    """*Outcomes* of N subjects at V visits, completed B times.

    Data sets are iterated over, or taken by number. `pool` analyses all, and `shift` moves imputed values. `tipping_surface` and
    `tipping_point` show how the conclusion depends on imputed values. Attributes are those of `Completed`.

    Examples
    --------
    >>> imputations = ba.missing.impute(outcomes, strategy="jump to reference", n=2, seed=1)
    >>> [int(completed["imputed"].sum()) for completed in imputations]
    [542, 542]
    """
