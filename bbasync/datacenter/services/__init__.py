"""The services of Bitbucket Data Center, one file each, imported on first use."""
