"""The load client: connections, arrivals in an open or a closed loop, what came of each request."""
