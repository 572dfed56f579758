"""The models of Bitbucket Cloud, one file a resource, each imported on first use."""
