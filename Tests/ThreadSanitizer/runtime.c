// Tells Thread Sanitizer how Swift's libraries order two threads where it cannot see it. Preloaded before them by
// scripts/test-thread-sanitizer; without it, sound code is reported as a race whenever two threads meet at these places.
//
// `Synchronization.Mutex`: the compiler puts the fast paths of lock and unlock into our code, and the sanitizer sees
// their atomics. The slow paths, for when another thread has the lock, are in a library that was built without it.
//
// Continuations: resuming one is told to the sanitizer, and so is the start of the task that went to sleep for it. One
// that is resumed before its task has gone to sleep lets it go on at once, and of that nothing is told.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// Absent in the programs that tests start.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);
__attribute__((weak, swiftcall)) void *swift_task_getCurrent(void);

// Swift's calling convention; a method's `self` is in the register of the context.
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self

// Mangled names are part of the library's ABI.
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK_SLOW "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK_SLOW);
SWIFT bool try_lock_slow(SELF) __asm__(TRY_LOCK_SLOW);
SWIFT void unlock_slow(SELF) __asm__(UNLOCK_SLOW);

SWIFT void lock_slow(uint32_t thread, SELF) {
    SWIFT void (*real)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK_SLOW);
    real(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT bool try_lock_slow(SELF) {
    SWIFT bool (*real)(SELF) = dlsym(RTLD_NEXT, TRY_LOCK_SLOW);
    bool is_locked = real(self);
    if (is_locked && __tsan_acquire) __tsan_acquire(self);
    return is_locked;
}

SWIFT void unlock_slow(SELF) {
    SWIFT void (*real)(SELF) = dlsym(RTLD_NEXT, UNLOCK_SLOW);
    if (__tsan_release) __tsan_release(self);
    real(self);
}

// What resumed the current task's continuations happened before what the task does from now on.
static void acquire_current_task(void) {
    void *task = __tsan_acquire && swift_task_getCurrent ? swift_task_getCurrent() : 0;
    if (task) __tsan_acquire(task);
}

// The compiler lays this out, in the frame of who waits.
struct continuation {
    void *parent, *resume_parent;
    uintptr_t flags;
    uintptr_t status;
};

typedef __attribute__((swiftasynccall)) void Await(struct continuation *);

// Resumed already: the task goes on in here. One that is resumed while this runs is seen by another round.
__attribute__((swiftasynccall)) void swift_continuation_await(struct continuation *continuation) {
    static Await *real;
    if (!real) real = (Await *)dlsym(RTLD_NEXT, "swift_continuation_await");
    uintptr_t status;
    do {
        status = __atomic_load_n(&continuation->status, __ATOMIC_ACQUIRE);
        acquire_current_task();
    } while (status != __atomic_load_n(&continuation->status, __ATOMIC_ACQUIRE));
    __attribute__((musttail)) return real(continuation);
}

// Resumed while the task was about to sleep: it stays on its thread, and calls this.
SWIFT void swift_task_enterThreadLocalContext(char *context) {
    static SWIFT void (*real)(char *);
    if (!real) real = (SWIFT void (*)(char *))dlsym(RTLD_NEXT, "swift_task_enterThreadLocalContext");
    acquire_current_task();
    real(context);
}

// `withCheckedContinuation` waits within the library. The first thing that its caller does is to free its frame.
SWIFT void swift_task_dealloc(void *frame) {
    static SWIFT void (*real)(void *);
    if (!real) real = (SWIFT void (*)(void *))dlsym(RTLD_NEXT, "swift_task_dealloc");
    acquire_current_task();
    real(frame);
}
