"""Work kept in marops itself: requests, their way through the stages, approvals, comments, what holds them up, launch plans."""
