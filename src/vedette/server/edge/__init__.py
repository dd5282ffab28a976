"""Between the network and Django: TLS, proxies, and bounds on what a request and a client may take."""
