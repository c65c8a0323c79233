"""One decision: a role served for a window by the arms that its role assignment draws."""
