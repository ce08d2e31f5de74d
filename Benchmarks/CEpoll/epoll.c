#define _GNU_SOURCE
#include "mqant_epoll.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>

_Static_assert(MQANT_READABLE == (int)EPOLLIN && MQANT_WRITABLE == (int)EPOLLOUT, "the header repeats the system's numbers");
_Static_assert(MQANT_FAILED == (int)EPOLLERR && MQANT_HUNG_UP == (int)EPOLLHUP, "the header repeats the system's numbers");

enum { MOST_EVENTS = 256 };

static int control(int poller, int operation, int descriptor, uint32_t flags, uint64_t data) {
    struct epoll_event event = {.events = flags, .data.u64 = data};
    return epoll_ctl(poller, operation, descriptor, &event);
}

int mqant_epoll_create(void) {
    // Else the system takes 50 µs more for each wait, to wake several threads at once.
    prctl(PR_SET_TIMERSLACK, 1);
    return epoll_create1(EPOLL_CLOEXEC);
}

int mqant_epoll_add(int poller, int descriptor, uint32_t flags, uint64_t data) {
    return control(poller, EPOLL_CTL_ADD, descriptor, flags, data);
}

int mqant_epoll_change(int poller, int descriptor, uint32_t flags, uint64_t data) {
    return control(poller, EPOLL_CTL_MOD, descriptor, flags, data);
}

int mqant_epoll_wait(int poller, mqant_event *events, int capacity, uint64_t nanoseconds) {
    struct epoll_event found[MOST_EVENTS];
    struct timespec time = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};
    int count = epoll_pwait2(poller, found, capacity < MOST_EVENTS ? capacity : MOST_EVENTS, &time, NULL);
    for (int i = 0; i < count; i++) events[i] = (mqant_event){found[i].events, found[i].data.u64};
    return count;
}
