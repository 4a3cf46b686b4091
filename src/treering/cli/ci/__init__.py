"""The commands of `treering ci`, one file each, loaded when it is called."""
