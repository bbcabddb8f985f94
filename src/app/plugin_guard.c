/* SPDX-License-Identifier: Apache-2.0 */
#include "app/plugin_guard.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "app/command.h"
#include "app/log.h"
#include "app/signals.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/thread.h"
#include "plugin/calls.h"

/* ---- crashes: only what a signal handler may do -------------------------------------------------------- */

static const struct {
	int number;
	const char *name;
} crashes[] = {
	{ SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" }, { SIGILL, "SIGILL" }, { SIGFPE, "SIGFPE" }, { SIGABRT, "SIGABRT" }
};

static const void *where(const void *context)
{
	const ucontext_t *u = context;

#if defined(__x86_64__)
	return (const void *)(uintptr_t)u->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return (const void *)(uintptr_t)u->uc_mcontext.pc;
#else
	(void)u;
	return NULL;
#endif
}

static size_t add(char *to, size_t at, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len > size - at)
		len = size - at;
	memcpy(to + at, text, len);
	return at + len;
}

static void tell_crash(int number, const struct plugin_culprit *by)
{
	char text[512];
	const char *signal_name = "a signal";
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		if (crashes[i].number == number)
			signal_name = crashes[i].name;
	n = add(text, n, sizeof(text), "monitor: plugin ");
	n = add(text, n, sizeof(text), by->plugin);
	n = add(text, n, sizeof(text), by->function ? ": it crashes in " : ": it crashes in a thread of its own");
	n = add(text, n, sizeof(text), by->function ? by->function : "");
	n = add(text, n, sizeof(text), by->function ? "() with " : " with ");
	n = add(text, n, sizeof(text), signal_name);
	n = add(text, n, sizeof(text), ", which ends monitor, too\n");
	(void)!write(STDERR_FILENO, text, n);
}

/* Once more without us: a fault comes again when we return, a signal that was sent does not. */
static void crashed(int number, siginfo_t *info, void *context)
{
	struct plugin_culprit by;

	if (plugin_culprit(where(context), &by))
		tell_crash(number, &by);
	signal(number, SIG_DFL);
	if (info->si_code <= 0 || number == SIGABRT)
		(void)raise(number);
}

/* Who has taken them already (sanitizers, the runtime of a plugin) goes on doing so. */
static void catch_crashes(void)
{
	static char stack[65536]; /* for a plugin that has used all of the thread's; of the first thread alone */
	const stack_t own = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction ours = { .sa_sigaction = crashed, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigemptyset(&ours.sa_mask);
	(void)sigaltstack(&own, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++) {
		struct sigaction there;

		if (sigaction(crashes[i].number, NULL, &there) == 0 && !(there.sa_flags & SA_SIGINFO) &&
		    there.sa_handler == SIG_DFL)
			(void)sigaction(crashes[i].number, &ours, NULL);
	}
}

/* ---- calls that do not return -------------------------------------------------------------------------- */

struct watch {
	struct slot {
		uint32_t serial;
		unsigned int seconds; /* that this call was seen at work */
		unsigned int looked; /* the round in which it was seen last */
		char plugin[PLUGIN_NAME_BYTES];
		const char *function;
	} slots[PLUGIN_WATCHED];
	unsigned int limit; /* seconds: a call that lasts longer is told */
	unsigned int round;
	unsigned int stopping; /* seconds since a stop was asked for, with a plugin in the same call */
	bool stuck;
};

static void look(void *context, unsigned int i, const char *plugin, const char *function, uint32_t serial)
{
	struct watch *w = context;
	struct slot *s = i < PLUGIN_WATCHED ? &w->slots[i] : NULL;

	if (!s)
		return;
	if (s->serial == serial && s->looked + 1 == w->round && s->function == function) {
		s->seconds++;
	} else {
		if (s->seconds >= w->limit)
			log_warning("plugin %s: %s() has returned after some %u s", s->plugin, s->function, s->seconds);
		s->seconds = 0;
	}
	s->serial = serial;
	s->looked = w->round;
	s->function = function;
	snprintf(s->plugin, sizeof(s->plugin), "%s", plugin);
	w->stuck = w->stuck || s->seconds > 0;
	if (s->seconds == w->limit)
		log_error("plugin %s: %s() has not returned for %u s; until it does, the events of its source wait",
			  plugin, function, s->seconds);
}

static void tell_returned(struct watch *w)
{
	for (size_t i = 0; i < PLUGIN_WATCHED; i++) {
		struct slot *s = &w->slots[i];

		if (s->looked == w->round || s->seconds < w->limit)
			continue;
		log_warning("plugin %s: %s() has returned after some %u s", s->plugin, s->function, s->seconds);
		s->seconds = 0;
	}
}

static void end_if_stuck(struct watch *w)
{
	w->stopping = signals_stop_requested() && w->stuck ? w->stopping + 1 : 0;
	if (w->stopping < PLUGIN_STOP_S)
		return;
	for (size_t i = 0; i < PLUGIN_WATCHED; i++)
		if (w->slots[i].looked == w->round && w->slots[i].seconds)
			log_error(
				"plugin %s: %s() does not return; monitor ends without it, and without what still waited",
				w->slots[i].plugin, w->slots[i].function);
	_exit(EXIT_FAILED);
}

static void *watch(void *context)
{
	static const struct timespec second = { .tv_sec = 1 };
	struct watch *w = context;

	for (;;) {
		(void)nanosleep(&second, NULL);
		w->round++;
		w->stuck = false;
		plugin_calls(look, w);
		tell_returned(w);
		end_if_stuck(w);
	}
	return NULL;
}

void plugin_guard_start(unsigned int seconds)
{
	static struct watch all;
	static bool started;
	pthread_t thread;

	if (started)
		return;
	started = true;
	all.limit = seconds;
	catch_crashes();
	if (thread_start(&thread, watch, &all) == 0)
		pthread_detach(thread);
	else
		log_warning("plugins that hang will not be told: there is no thread to watch them");
}
