// Makes the wall clock of one process wrong, as on a host whose clock somebody set wrong (LD_PRELOAD; see clock.py).
//
// The file named by WALLCLOCK holds by how many seconds, as an int64_t; it may change at any time. Monotonic clocks stay
// as they are. Absolute times of the wall clock that are waited for are put right, as they would be by the kernel of
// such a host. libfaketime would not do: it also moves absolute times of the monotonic clock (timerfd_settime).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

static const volatile int64_t *shared;

static int64_t offset(void) { return shared ? *shared : 0; }

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("WALLCLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) abort();
    void *memory = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) abort();
    shared = memory;
}

#define NEXT(name) ({ static __typeof__(&name) next; if (!next) next = dlsym(RTLD_NEXT, #name); next; })

static int is_wall(clockid_t clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = NEXT(clock_gettime)(clock, now);
    if (result == 0 && is_wall(clock)) now->tv_sec += offset();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int result = NEXT(gettimeofday)(now, zone);
    if (result == 0) now->tv_sec += offset();
    return result;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

static struct timespec right(const struct timespec *wrong) {
    struct timespec right = *wrong;
    right.tv_sec -= offset();
    return right;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict end) {
    struct timespec time = right(end);
    return NEXT(sem_timedwait)(semaphore, &time);
}

int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict end) {
    // glibc keeps there (bit 1) whether the condition waits by the monotonic clock.
    struct timespec time = condition->__data.__wrefs & 2 ? *end : right(end);
    // Since 2.3.2: the older version, which dlsym finds, takes another pthread_cond_t.
    static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    if (!next) next = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    return next(condition, mutex, &time);
}

static int timers[4096];  // 1: this descriptor is a timer of the wall clock

int timerfd_create(int clock, int flags) {
    int file = NEXT(timerfd_create)(clock, flags);
    if (file >= 0 && file < 4096) timers[file] = is_wall(clock);
    return file;
}

int timerfd_settime(int file, int flags, const struct itimerspec *new, struct itimerspec *old) {
    struct itimerspec time = *new;
    int is_set = time.it_value.tv_sec || time.it_value.tv_nsec;
    if (flags & TFD_TIMER_ABSTIME && is_set && file >= 0 && file < 4096 && timers[file]) time.it_value = right(&time.it_value);
    return NEXT(timerfd_settime)(file, flags, &time, old);
}
