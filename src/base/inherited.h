/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_INHERITED_H
#define MONITOR_BASE_INHERITED_H

/*
 * Descriptors that the program was started with. Whoever waits for the end of a pipe or for a lock waits for
 * the last process that has it, so processes of ours that outlive the command let go of them.
 */

/* Closes those above standard error: what is ours is close-on-exec, what is not was inherited. */
void inherited_close(void);

/* Puts /dev/null in the place of standard input, output or error: closed, where there is none. */
void inherited_let_go(int fd);

#endif
