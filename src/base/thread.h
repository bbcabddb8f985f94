/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_THREAD_H
#define MONITOR_BASE_THREAD_H

#include <pthread.h>

/*
 * A thread that takes no signals: those that are sent to the process are for whoever expects them. What its
 * own instructions raise it takes, above all SIGSYS, by which a refused system call is told: blocked, that
 * would end the process. 0 or -errno.
 */
int thread_start(pthread_t *ret_thread, void *(*work)(void *context), void *context);

/*
 * For the first thread, before there are others: takes what whoever started us may have blocked, so that
 * signals mean to us what they mean by themselves.
 */
void thread_unblock_signals(void);

#endif
