"""What serving one version instead of another did to an outcome, as far as rows can tell."""
