"""Data sets of CDISC: the analysis data sets of ADaM, and the tabulations of SDTM."""
