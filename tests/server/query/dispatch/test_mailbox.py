import asyncio
import threading

from lodestar_server.query.dispatch.mailbox import Mailbox


async def test_order_is_kept_across_threads_and_nothing_is_lost():
    loop = asyncio.get_running_loop()
    mailbox, seen, done = Mailbox(loop), [], asyncio.Event()

    def deliver(item):
        seen.append(item)
        if len(seen) == 4000:
            done.set()

    def post(name):
        for number in range(1000):
            mailbox.post(deliver, (name, number))

    threads = [threading.Thread(target=post, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    post(3)
    await asyncio.wait_for(done.wait(), 5)
    for thread in threads:
        thread.join()
    for name in range(4):
        assert [number for owner, number in seen if owner == name] == list(range(1000))


def test_after_the_loop_nothing_happens():
    loop = asyncio.new_event_loop()
    mailbox = Mailbox(loop)
    loop.close()
    mailbox.post(lambda: None)
