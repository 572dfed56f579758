"""The services of Bitbucket Cloud, one file each, imported on first use."""
