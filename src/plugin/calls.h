/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_PLUGIN_CALLS_H
#define MONITOR_PLUGIN_CALLS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Who is at work, for those who look at a crash or a call that does not return. Nobody waits for anybody
 * here: it works in a signal handler and beside a plugin that hangs.
 */

/*
 * The plugin's function that this thread is in, or whose code is at that address; false: it is none's. Safe
 * in a signal handler.
 */
struct plugin_culprit {
	const char *plugin, *function; /* function NULL: in a thread of its own */
};
bool plugin_culprit(const void *address, struct plugin_culprit *ret_culprit);

/*
 * Calls each() for every plugin that is in a call, from any thread: serial is another one for each of its
 * calls. The texts live until each() returns.
 */
void plugin_calls(void (*each)(void *context, unsigned int slot, const char *plugin, const char *function,
			       uint32_t serial),
		  void *context);

#endif
