"""Capture: a page goes in by its URL, a picture of it comes out in S3.

It stands alone: the function that runs foreign pages takes nothing of the shared layer, and holds no right but to write
pictures. One module for each idea, in the order of a shot: `request` says what is asked, `target` where it leads,
`guard` whether it may, and `arrival` whether it got there, `studio` keeps deadlines, `browser` is warm or made anew,
`photograph` takes the picture, `store` keeps it.
"""
