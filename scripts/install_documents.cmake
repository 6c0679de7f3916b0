# Part of `cmake --install`: writes the man pages and completion scripts, as the program prints them, and installs them.
# program: the executable; made: a folder to write into; man_folder, data_folder: below the prefix.
function(print_to file)
    execute_process(COMMAND ${program} ${ARGN} OUTPUT_FILE ${made}/${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(MAKE_DIRECTORY ${made})
execute_process(COMMAND ${program} --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\n  [a-z-]+ " commands "${help}")
set(pages ${made}/h5palettize.1)
print_to(h5palettize.1 man)
foreach(line ${commands})
    string(STRIP "${line}" command)
    print_to(h5palettize-${command}.1 man ${command})
    list(APPEND pages ${made}/h5palettize-${command}.1)
endforeach()
print_to(h5palettize completion bash)
print_to(_h5palettize completion zsh)

file(INSTALL ${pages} DESTINATION ${CMAKE_INSTALL_PREFIX}/${man_folder})
file(INSTALL ${made}/h5palettize DESTINATION ${CMAKE_INSTALL_PREFIX}/${data_folder}/bash-completion/completions)
file(INSTALL ${made}/_h5palettize DESTINATION ${CMAKE_INSTALL_PREFIX}/${data_folder}/zsh/site-functions)
