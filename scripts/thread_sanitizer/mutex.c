// ThreadSanitizer sees a lock of Synchronization.Mutex as long as nobody waits for it: that is an atomic exchange within our
// own code. Where somebody waits, the runtime, which is not instrumented, leaves the exchange to the kernel
// (futex(2), FUTEX_LOCK_PI), and what one thread wrote under the lock looks unordered to the next. These stand before the
// runtime's two functions and say what happened. Preloaded by scripts/thread-sanitizer.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define NAMED(symbol) __asm__(symbol)

// Of the sanitizer's runtime, which is in the program; a program without it is left alone.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_slow(uint32_t thread, SELF void *handle) NAMED(LOCK);
SWIFT void unlock_slow(SELF void *handle) NAMED(UNLOCK);

SWIFT void lock_slow(uint32_t thread, SELF void *handle) {
    typedef SWIFT void Lock(uint32_t, SELF void *);
    static Lock *real;
    if (!real) real = (Lock *)dlsym(RTLD_NEXT, LOCK);
    real(thread, handle);
    if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT void unlock_slow(SELF void *handle) {
    typedef SWIFT void Unlock(SELF void *);
    static Unlock *real;
    if (!real) real = (Unlock *)dlsym(RTLD_NEXT, UNLOCK);
    if (__tsan_release) __tsan_release(handle);
    real(handle);
}
