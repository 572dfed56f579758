"""The models of Bitbucket Data Center, one file a resource, each imported on first use."""
