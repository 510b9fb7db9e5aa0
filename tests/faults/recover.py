"""What a person does when all is healed, and it is only this: press the button once."""


def recover(w, unsettled=None):
    """When the cuff is not busy: what is pressed during a session ends with it."""
    def over():
        return 'the cuff is still connected' if w.is_linked() else None

    w.timeline.until(over)
    pressed = w.do('advertise %d' % w.PRESS)
    w.timeline.until(unsettled or w.unsettled)
    w.timeline.wait(r'^log \S+ connect ', pressed)  # all may have been told before: it is waited for, nevertheless
    w.timeline.until(over)
    w.do('quiet')
    w.timeline.until(unsettled or w.unsettled)  # what was healed may have had its effect in that session
