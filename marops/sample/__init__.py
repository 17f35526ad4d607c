"""The sample company: invented data in the shapes platforms export."""
