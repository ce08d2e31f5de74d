// Linux's epoll, for Swift: its own header and Glibc's module disagree about who declares `timespec`.
#ifndef MQANT_EPOLL_H
#define MQANT_EPOLL_H
#include <stdint.h>

enum { MQANT_READABLE = 1, MQANT_WRITABLE = 4, MQANT_FAILED = 8, MQANT_HUNG_UP = 16 };

typedef struct {
    uint32_t flags;
    uint64_t data;
} mqant_event;

// Each returns -1 and sets errno where the system refuses.
// Also has this thread woken when its waits are over, and not some microseconds later.
int mqant_epoll_create(void);
int mqant_epoll_add(int poller, int descriptor, uint32_t flags, uint64_t data);
int mqant_epoll_change(int poller, int descriptor, uint32_t flags, uint64_t data);
// Waits so many nanoseconds at most. Returns the number of events.
int mqant_epoll_wait(int poller, mqant_event *events, int capacity, uint64_t nanoseconds);

#endif
