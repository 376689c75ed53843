/* Standard input, output and error, which a process may have been started
 * without: by a daemon that closes everything, or `0<&- 1>&- 2>&-` in a shell.
 * Their numbers would then be given to the next descriptors that are opened, and
 * what is printed would go to a client. */
#ifndef YK_NET_STANDARD_H
#define YK_NET_STANDARD_H

/* Puts /dev/null where there is nothing. To be called before anything else is
 * opened; harmless again and again. */
void yk_standard_open(void);

#endif
