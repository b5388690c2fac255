"""Workers as Jobs: what is made for one, how it is followed, and how its end is seen. `inside` is the Pod's side."""
