"""Where models are put to answer: one seam, `plan -> apply -> status -> promote -> rollback -> remove`, and its targets."""
