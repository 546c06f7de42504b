"""`python -m agent.cli`: the same as `photo-agent`, for service files that name an interpreter."""

from agent.cli import main

if __name__ == "__main__":
    main()
