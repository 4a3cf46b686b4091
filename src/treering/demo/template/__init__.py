"""The files of the demo's project, which are copied as they are; this one is not."""
