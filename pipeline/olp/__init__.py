"""Online Long-context Processing: windows, the roles' prompts and checks, subjects, records."""
