"""`Imputations`: *outcomes* completed many times, and the analyses of them."""

from __future__ import annotations

from botox_analysis.models.imputation.draws import ImputingFurther
from botox_analysis.models.imputation.pooled_responders import PoolingResponders
from botox_analysis.models.imputation.pooling import Pooling
from botox_analysis.models.imputation.shifts import Shifting
from botox_analysis.models.imputation.tipping import Tipping


class Imputations(ImputingFurther, Pooling, PoolingResponders, Shifting, Tipping):
    """*Outcomes* of N subjects at V visits, completed B times.

    Iterate over the completed data sets, or take one by its number. `pool` analyses all; `shift` moves imputed values;
    `tipping_surface` and `tipping_point` find out how far the conclusion depends on them. Attributes are those of
    `Completed`.
    """
