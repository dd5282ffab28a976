"""Where secrets come from: values, files, credentials of the service manager, and password managers."""
