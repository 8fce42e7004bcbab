"""What we add to ministack, inside its own interpreter: it imports ministack and nothing of the project's packages.

Every patch names what ministack 1.5.33 does otherwise; the version is pinned in `pins/ministack.txt`.
"""
