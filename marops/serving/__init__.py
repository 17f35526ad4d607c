"""The server around the pages: start-up, routes, headers. It imports little, so that it answers soon."""
