/* Loaded in front of the program (LD_PRELOAD): the Nth call of one kind fails, all others go through.
 *
 * FAULT_KIND: write, sync, name (rename, link, open for writing), allocation or hdf5. FAULT_AT: N, from 1 on; 0 fails
 * none. FAULT_COUNT: a file that gets the number of calls when the process ends.
 * Calls are counted from main on. hdf5_names.inc: HDF5(name, failure) for each function of the library that the
 * program calls; the wrappers know no signatures: they leave all registers as they are and jump (x86-64).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { KIND_NONE, KIND_WRITE, KIND_SYNC, KIND_NAME, KIND_ALLOCATION, KIND_HDF5 };
static enum kind kind;
static long fail_at;
static const char* count_file;
static atomic_long calls;
static atomic_int started;

static int fails(enum kind own) {
    return own == kind && atomic_load(&started) && atomic_fetch_add(&calls, 1) + 1 == fail_at;
}

static void* real(const char* name) { return dlsym(RTLD_NEXT, name); }

static void write_count(void) {
    atomic_store(&started, 0);
    if (count_file == NULL) return;
    FILE* file = fopen(count_file, "w");
    if (file == NULL) return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}

static int (*real_main)(int, char**, char**);

static int counted_main(int argc, char** argv, char** environment) {
    const char* name = getenv("FAULT_KIND");
    static const char* const names[] = {"", "write", "sync", "name", "allocation", "hdf5"};
    for (int k = 1; name != NULL && k <= KIND_HDF5; ++k)
        if (strcmp(name, names[k]) == 0) kind = (enum kind)k;
    if (getenv("FAULT_AT") != NULL) fail_at = atol(getenv("FAULT_AT"));
    count_file = getenv("FAULT_COUNT");
    atexit(write_count);
    atomic_store(&started, 1);
    return real_main(argc, argv, environment);
}

int __libc_start_main(int (*program)(int, char**, char**), int argc, char** argv, void (*init)(void),
                      void (*fini)(void), void (*loader)(void), void* stack_end) {
    int (*start)(int (*)(int, char**, char**), int, char**, void (*)(void), void (*)(void), void (*)(void), void*) =
        real("__libc_start_main");
    real_main = program;
    return start(counted_main, argc, argv, init, fini, loader, stack_end);
}

#define FAILING(own, error, value) \
    if (fails(own)) {              \
        errno = error;             \
        return value;              \
    }

ssize_t write(int file, const void* bytes, size_t count) {
    static ssize_t (*next)(int, const void*, size_t);
    if (next == NULL) next = real("write");
    if (file != STDERR_FILENO) FAILING(KIND_WRITE, ENOSPC, -1)
    return next(file, bytes, count);
}

ssize_t pwrite64(int file, const void* bytes, size_t count, off64_t offset) {
    static ssize_t (*next)(int, const void*, size_t, off64_t);
    if (next == NULL) next = real("pwrite64");
    FAILING(KIND_WRITE, ENOSPC, -1)
    return next(file, bytes, count, offset);
}
ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) { return pwrite64(file, bytes, count, offset); }

int ftruncate64(int file, off64_t length) {
    static int (*next)(int, off64_t);
    if (next == NULL) next = real("ftruncate64");
    FAILING(KIND_WRITE, EIO, -1)
    return next(file, length);
}
int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

int posix_fallocate64(int file, off64_t offset, off64_t length) {
    static int (*next)(int, off64_t, off64_t);
    if (next == NULL) next = real("posix_fallocate64");
    if (fails(KIND_WRITE)) return ENOSPC;
    return next(file, offset, length);
}
int posix_fallocate(int file, off_t offset, off_t length) { return posix_fallocate64(file, offset, length); }

int fsync(int file) {
    static int (*next)(int);
    if (next == NULL) next = real("fsync");
    FAILING(KIND_SYNC, EIO, -1)
    return next(file);
}

int fdatasync(int file) {
    static int (*next)(int);
    if (next == NULL) next = real("fdatasync");
    FAILING(KIND_SYNC, EDQUOT, -1)
    return next(file);
}

int rename(const char* from, const char* to) {
    static int (*next)(const char*, const char*);
    if (next == NULL) next = real("rename");
    FAILING(KIND_NAME, EACCES, -1)
    return next(from, to);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
    static int (*next)(int, const char*, int, const char*, unsigned);
    if (next == NULL) next = real("renameat2");
    FAILING(KIND_NAME, EIO, -1)
    return next(from_folder, from, to_folder, to, flags);
}

int open64(const char* path, int flags, ...) {
    static int (*next)(const char*, int, ...);
    if (next == NULL) next = real("open64");
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    FAILING(KIND_NAME, EMFILE, -1)
    return next(path, flags, mode);
}
int open(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open64(path, flags, mode);
}

extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
extern void* __libc_memalign(size_t, size_t);

void* malloc(size_t bytes) {
    FAILING(KIND_ALLOCATION, ENOMEM, NULL)
    return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
    FAILING(KIND_ALLOCATION, ENOMEM, NULL)
    return __libc_calloc(count, bytes);
}
void* realloc(void* memory, size_t bytes) {
    FAILING(KIND_ALLOCATION, ENOMEM, NULL)
    return __libc_realloc(memory, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
    FAILING(KIND_ALLOCATION, ENOMEM, NULL)
    return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, size_t alignment, size_t bytes) {
    if (fails(KIND_ALLOCATION)) return ENOMEM;
    *memory = __libc_memalign(alignment, bytes);
    return *memory == NULL ? ENOMEM : 0;
}

/* One slot a function: its address in the library, looked up at the first call. */
struct hdf5 {
    void* next;
    const char* name;
};

/* Called by the wrappers: the address to jump to, or null where the call fails. */
__attribute__((used)) void* hdf5_next(struct hdf5* function) {
    if (function->next == NULL) function->next = real(function->name);
    return fails(KIND_HDF5) ? NULL : function->next;
}

#define HDF5(name, failure)                                                                                    \
    __attribute__((used)) struct hdf5 slot_##name = {NULL, #name};                                             \
    __asm__(".globl " #name "\n.type " #name ", @function\n" #name ":\n"                                       \
            "push %rdi\npush %rsi\npush %rdx\npush %rcx\npush %r8\npush %r9\npush %rax\n"                      \
            "sub $64, %rsp\n"                                                                                  \
            "movsd %xmm0, (%rsp)\nmovsd %xmm1, 8(%rsp)\nmovsd %xmm2, 16(%rsp)\nmovsd %xmm3, 24(%rsp)\n"        \
            "mov slot_" #name "@GOTPCREL(%rip), %rdi\ncall hdf5_next@PLT\nmov %rax, %r11\n"                    \
            "movsd (%rsp), %xmm0\nmovsd 8(%rsp), %xmm1\nmovsd 16(%rsp), %xmm2\nmovsd 24(%rsp), %xmm3\n"        \
            "add $64, %rsp\n"                                                                                  \
            "pop %rax\npop %r9\npop %r8\npop %rcx\npop %rdx\npop %rsi\npop %rdi\n"                             \
            "test %r11, %r11\njz 1f\njmp *%r11\n1: mov $" #failure ", %rax\nret\n");
#include "hdf5_names.inc"
