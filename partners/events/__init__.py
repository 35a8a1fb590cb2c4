"""What partners tell us: a handler for each type of event, registered by the type's name in AppConfig.ready()."""
