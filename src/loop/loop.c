/* loop/loop.c - a libuv loop on a thread, with a mailbox that any thread may drop messages into.
 *
 * The mailbox is one atomic pointer to a list. A sender links its message in front of the list; the
 * loop takes the whole list with one exchange and turns it round, which gives the order of posting.
 * Nobody ever removes a single message, so the usual trap of lock-free lists (a node that went away
 * and came back between two looks) cannot be met.
 *
 * The loop is woken by whoever found the mailbox empty: one write to an eventfd for a batch,
 * however many messages follow before the loop gets to it. A message that is posted while the batch
 * runs finds the mailbox empty again, wakes the loop again and runs in the next turn, so that
 * messages which post messages cannot keep sockets waiting.
 *
 * Stopping is a flag and the same wake-up. It is read after the batch: what was posted before
 * loop_stop() runs before the loop ends. What comes later runs in loop_destroy(), since a message
 * may carry something that must be let go.
 *
 * SIGPIPE is blocked while a loop runs: OpenSSL writes to sockets without MSG_NOSIGNAL, and a peer
 * that went away is an error code here, never the end of the process.
 */
#include "loop/loop.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_prepare_t before_sleep;
    _Atomic(struct loop_message *) mailbox; /* the youngest first */
    atomic_bool stopping;
    bool has_thread;
    unsigned index;
    struct loop_hooks hooks;
    uv_thread_t thread;
};

static struct loop_message *reverse(struct loop_message *list)
{
    struct loop_message *reversed = NULL;

    while (list) {
        struct loop_message *next = list->next;
        list->next = reversed;
        reversed = list;
        list = next;
    }
    return reversed;
}

static void run_mailbox(struct loop *loop)
{
    struct loop_message *message =
        reverse(atomic_exchange_explicit(&loop->mailbox, NULL, memory_order_acquire));

    while (message) {
        struct loop_message *next = message->next; /* running it may free it */
        message->run(message);
        message = next;
    }
}

static void on_wake(uv_async_t *handle)
{
    struct loop *loop = handle->data;

    run_mailbox(loop);
    if (atomic_load_explicit(&loop->stopping, memory_order_acquire))
        uv_stop(&loop->uv);
}

static void on_prepare(uv_prepare_t *handle)
{
    struct loop *loop = handle->data;

    loop->hooks.before_sleep(loop->hooks.context);
}

static bool fail(struct error *err, int status)
{
    return error_set(err, ERROR_IO, SLICE("loop"), "cannot make an event loop: %s",
                     uv_strerror(status));
}

/* The handles of a fresh uv loop; none of them can be half open afterwards. */
static int open_handles(struct loop *loop)
{
    int status = uv_async_init(&loop->uv, &loop->wake, on_wake);

    if (status < 0)
        return status;
    loop->wake.data = loop;
    uv_prepare_init(&loop->uv, &loop->before_sleep); /* documented to succeed always */
    loop->before_sleep.data = loop;
    if (loop->hooks.before_sleep)
        uv_prepare_start(&loop->before_sleep, on_prepare);
    uv_unref((uv_handle_t *)&loop->before_sleep);
    return 0;
}

bool loop_create(unsigned index, const struct loop_hooks *hooks, struct loop **ret,
                 struct error *err)
{
    struct loop *loop = calloc(1, sizeof *loop);

    if (!loop)
        return fail(err, UV_ENOMEM);
    loop->index = index;
    if (hooks)
        loop->hooks = *hooks;

    int status = uv_loop_init(&loop->uv);
    if (status < 0)
        goto failed;
    status = open_handles(loop);
    if (status < 0) {
        uv_loop_close(&loop->uv);
        goto failed;
    }
    *ret = loop;
    return true;
failed:
    free(loop);
    return fail(err, status);
}

void loop_run(struct loop *loop)
{
    sigset_t pipe, before;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    if (loop->hooks.started)
        loop->hooks.started(loop->hooks.context);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (loop->hooks.stopped)
        loop->hooks.stopped(loop->hooks.context);
    /* One that came in is thrown away before the mask could let it through. */
    while (sigtimedwait(&pipe, NULL, &(struct timespec){ 0, 0 }) == SIGPIPE)
        ;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void thread_main(void *loop)
{
    loop_run(loop);
}

bool loop_start(struct loop *loop, struct error *err)
{
    int status = uv_thread_create(&loop->thread, thread_main, loop);

    if (status < 0)
        return error_set(err, ERROR_IO, SLICE("loop"), "cannot start a thread: %s",
                         uv_strerror(status));
    loop->has_thread = true;
    return true;
}

void loop_join(struct loop *loop)
{
    if (!loop->has_thread)
        return;
    uv_thread_join(&loop->thread);
    loop->has_thread = false;
}

void loop_stop(struct loop *loop)
{
    atomic_store_explicit(&loop->stopping, true, memory_order_release);
    uv_async_send(&loop->wake);
}

void loop_destroy(struct loop *loop)
{
    if (!loop)
        return;
    assert(!loop->has_thread);
    while (atomic_load_explicit(&loop->mailbox, memory_order_acquire))
        run_mailbox(loop);

    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->before_sleep, NULL);
    loop_settle(loop);
    int status = uv_loop_close(&loop->uv);
    assert(status == 0 && "a handle was left open");
    (void)status;
    free(loop);
}

void loop_settle(struct loop *loop)
{
    assert(!loop->has_thread);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
}

void loop_post(struct loop *loop, struct loop_message *message)
{
    struct loop_message *first = atomic_load_explicit(&loop->mailbox, memory_order_relaxed);

    do
        message->next = first;
    while (!atomic_compare_exchange_weak_explicit(&loop->mailbox, &first, message,
                                                  memory_order_release, memory_order_relaxed));
    if (!first)
        uv_async_send(&loop->wake);
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

unsigned loop_index(const struct loop *loop)
{
    return loop->index;
}
