/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_OPENSSL_H
#define MONITOR_NET_OPENSSL_H

#include "base/error.h"

/* OpenSSL. Before any of its functions is called; as library_load(). */
int openssl_load(struct error *err);

/* Tells the first reason that OpenSSL has queued for this thread; returns code. */
int openssl_fault(struct error *err, int code, const char *what);

#endif
