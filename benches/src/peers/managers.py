"""A manager and its client: the module and the CPU of the server are arguments, orders come line by line."""

import importlib
import os
import sys
import time


class Adder:
    def add(self, n):
        return n + 1

    def echo(self, data):
        return data

    def where(self, cpu):
        if cpu != "any":
            os.sched_setaffinity(0, {int(cpu)})
        return os.getpid()


def calls(manager, adder, work, size):
    """What one call of each kind is."""
    payload = bytes(i % 256 for i in range(256)) * (size // 256)

    def add(n):
        assert adder.add(n) == n + 1

    def echo(_):
        assert adder.echo(payload) == payload

    def create(_):
        manager.Adder()

    return {"add": add, "echo": echo, "create": create}[work]


def obey(manager, adder):
    """An order: timed or not, the kind of call, the size of its payload, how many. Answers what each took, or nothing."""
    made = {}
    for line in sys.stdin:
        timed, work, size, times = line.split()
        call = made.get((work, size)) or calls(manager, adder, work, int(size))
        made[work, size] = call
        took = []
        if timed == "timed":
            for n in range(int(times)):
                start = time.perf_counter_ns()
                call(n)
                took.append(time.perf_counter_ns() - start)
        else:
            for n in range(int(times)):
                call(n)
        print(*took)


def main():
    module, cpu = sys.argv[1:]
    managers = importlib.import_module(module)
    kind = getattr(managers, "ServerProcess", None) or managers.BaseManager
    kind.register("Adder", Adder)
    with kind() as manager:
        adder = manager.Adder()
        print(adder.where(cpu))
        obey(manager, adder)


if __name__ == "__main__":
    main()
