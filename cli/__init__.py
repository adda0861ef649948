"""The command line for people with AWS credentials: what was asked, shown, decided and done."""
