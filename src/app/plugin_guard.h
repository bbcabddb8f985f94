/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_PLUGIN_GUARD_H
#define MONITOR_APP_PLUGIN_GUARD_H

/*
 * Plugins run in this process, so one that crashes or hangs takes the others' events along. It cannot be
 * helped, but it is said: a crash names the plugin before the program dies of it; a call that does not return
 * is told, and its end; and a request to stop is met although the thread that should look at it is inside of
 * a plugin.
 */

/*
 * For all plugins that are loaded now and later; a call is told after so many seconds. The second and further
 * times do nothing.
 */
void plugin_guard_start(unsigned int seconds);

#endif
